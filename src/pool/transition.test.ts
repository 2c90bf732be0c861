import { describe, expect, test } from 'vitest';
import { aUnit } from '../../test/rig/a-unit.ts';
import { PAYLOADS, TABLE, applyChange } from './transition.ts';
import type { Change, UnitEvent } from './transition.ts';
import { STATUSES, isTerminal } from './unit.ts';

const EVENTS = Object.keys(PAYLOADS) as UnitEvent[];

/** A payload that is fit for each event. */
const FIT: Readonly<Record<UnitEvent, unknown>> = {
  analysed: {}, clear: {}, retry: {}, wait: { waits: [{ on: 'operator', chunk: null }] }, assign: { agent: { name: 'a', kind: 'command' } }, start: { phase: 'IMPLEMENT' }, advance: { phase: 'REVIEW' },
  requeue: { phase: 'IMPLEMENT', why: 'so', not_before: null }, attention: { kind: 'QUESTION', attention_reason: 'so', question: null }, answer: { text: 'yes' }, resume: { why: 'so' },
  complete: { merged_as: 'abc' }, fail: { code: 'x', message: 'so' }, cancel: { why: 'so' },
};

describe('the transition table', () => {
  test('every status and event either has its edge, or is refused and changes nothing', () => {
    for (const status of STATUSES) {
      for (const event of EVENTS) {
        const moved = applyChange(aUnit({ status }), { event, payload: FIT[event] } as Change);
        const to = TABLE[status][event];
        if (to === undefined) expect(moved).toMatchObject({ ok: false, failure: { code: 'transition_refused', kind: 'conflict' } });
        else expect(moved).toMatchObject({ ok: true, value: { status: to } });
      }
    }
  });

  test('an end stays an end, but for the retry of a failed unit', () => {
    const left = STATUSES.filter((status) => isTerminal(status)).flatMap((status) => Object.keys(TABLE[status]).map((event) => `${status} ${event}`));
    expect(left).toEqual(['FAILED retry']);
  });

  test('nothing needs attention without a kind and a reason', () => {
    const unit = aUnit({ status: 'RUNNING' });
    for (const payload of [{ kind: 'QUESTION', attention_reason: ' ', question: null }, { kind: 'OTHER', attention_reason: 'so', question: null }, { attention_reason: 'so', question: null }, {}]) {
      expect(applyChange(unit, { event: 'attention', payload } as Change)).toMatchObject({ ok: false, failure: { code: 'payload_invalid' } });
    }
  });

  test('a claim is taken when assigned, and held until merged or given up', () => {
    for (const status of STATUSES) {
      for (const event of EVENTS) {
        const moved = applyChange(aUnit({ status, claim: true }), { event, payload: FIT[event] } as Change);
        if (moved.ok) expect([status, event, moved.value.claim]).toEqual([status, event, !isTerminal(moved.value.status)]);
      }
    }
    expect(applyChange(aUnit({ status: 'READY' }), { event: 'assign', payload: { agent: { name: 'a', kind: 'command' } } })).toMatchObject({ value: { claim: true } });
  });
});
