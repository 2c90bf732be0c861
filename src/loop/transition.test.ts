import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Failure } from '../base/failure.ts';
import type { Conclusion } from './outcome.ts';
import { OrchestrationState, formatState, parseState } from './state.ts';
import { advance, begin, endBetweenTurns, readAgentEdit } from './transition.ts';
import type { TurnFacts } from './transition.ts';

const AT = new Date('2026-01-02T03:04:05.678Z');
const fresh = OrchestrationState.parse({});
const turn = (fields: Partial<TurnFacts> = {}): TurnFacts => ({
  actor: 'galph', prompt: 'supervisor.md', review: false, review_placement: 'replace', run_id: 'run_1', turn_id: 'turn_1', attempt: 1,
  commit: 'a'.repeat(40), progressed: true, no_progress_limit: 3, log: 'logs/x.log', exit_code: 0, at: AT, ...fields,
});
const done: Conclusion = { kind: 'ok', summary: null, next_prompt: null };
const failure: Failure = { code: 'agent_exit', kind: 'failed', message: 'it exited with 3' };
const failed: Conclusion = { kind: 'failed', failure };

describe('advance', () => {
  test('galph ok hands over to ralph', () => {
    const { state } = advance(fresh, turn(), done);
    expect(state).toMatchObject({ expected_actor: 'ralph', status: 'waiting-ralph', iteration: 1, galph_commit: 'a'.repeat(40), last_prompt: 'supervisor.md', last_prompt_actor: 'galph', last_update: '2026-01-02T03:04:05Z' });
  });

  test('ralph ok hands back and counts the iteration', () => {
    const { state } = advance({ ...fresh, expected_actor: 'ralph', iteration: 7 }, turn({ actor: 'ralph' }), done);
    expect(state).toMatchObject({ expected_actor: 'galph', status: 'complete', iteration: 8, ralph_commit: 'a'.repeat(40) });
  });

  test('a failure keeps actor and iteration and says why', () => {
    const { state, failure: ends } = advance({ ...fresh, iteration: 4 }, turn({ exit_code: 3 }), failed);
    expect(state).toMatchObject({ expected_actor: 'galph', status: 'failed', iteration: 4 });
    expect(state.failure).toEqual({ actor: 'galph', prompt: 'supervisor.md', code: 'agent_exit', message: 'it exited with 3', exit_code: 3, log: 'logs/x.log', at: '2026-01-02T03:04:05Z' });
    expect(ends).toBe(failure);
  });

  test('the next good turn clears the failure', () => {
    const { state } = advance(advance(fresh, turn(), failed).state, turn(), done);
    expect(state).toMatchObject({ failure: null, status: 'waiting-ralph' });
  });

  test('blocked keeps the turn', () => {
    const blocked: Conclusion = { kind: 'blocked', failure: { code: 'blocked', kind: 'needs_person', message: 'which database?' } };
    const { state, failure: ends } = advance(fresh, turn(), blocked);
    expect(state).toMatchObject({ status: 'blocked', expected_actor: 'galph', failure: { message: 'which database?' } });
    expect(ends?.kind).toBe('needs_person');
  });

  test('complete counts as ok and sets exit', () => {
    const { state } = advance({ ...fresh, expected_actor: 'ralph' }, turn({ actor: 'ralph' }), { kind: 'complete', summary: 'all green', next_prompt: null });
    expect(state).toMatchObject({ exit: true, exit_reason: 'all green', status: 'complete', iteration: 2 });
  });

  test('a review in place of galph hands over; before galph it stays', () => {
    const replaced = advance({ ...fresh, iteration: 2 }, turn({ review: true, prompt: 'reviewer.md' }), done).state;
    expect(replaced).toMatchObject({ expected_actor: 'ralph', last_review_iteration: 2 });
    const before = advance({ ...fresh, iteration: 2 }, turn({ review: true, review_placement: 'before', prompt: 'reviewer.md' }), done).state;
    expect(before).toMatchObject({ expected_actor: 'galph', iteration: 2, last_review_iteration: 2 });
  });

  test('a failed review is not counted as one', () => {
    expect(advance({ ...fresh, iteration: 2 }, turn({ review: true }), failed).state.last_review_iteration).toBeNull();
  });

  test('an interrupted turn leaves the state as it was', () => {
    const conclusion: Conclusion = { kind: 'interrupted', failure: { code: 'sigint', kind: 'interrupted', message: 'Ended by SIGINT.' } };
    expect(advance(fresh, turn(), conclusion).state).toBe(fresh);
  });
});

describe('progress', () => {
  const idle = (state: OrchestrationState, fields: Partial<TurnFacts> = {}) => advance(state, turn({ progressed: false, actor: state.expected_actor, ...fields }), done);

  test('three turns of one actor without any end the loop', () => {
    let state: OrchestrationState = fresh;
    const ends: (string | undefined)[] = [];
    for (let n = 0; n < 5; n++) {
      const step = idle(state);
      ({ state } = step);
      ends.push(step.failure?.code);
    }
    expect(ends).toEqual([undefined, undefined, undefined, undefined, 'no_progress']);
    expect(state).toMatchObject({ status: 'blocked', expected_actor: 'galph', iteration: 3, no_progress: { galph: 3, ralph: 2 } });
    expect(begin(state).no_progress).toEqual({ galph: 0, ralph: 0 });
  });

  test('progress begins the count again; a review neither counts nor clears it', () => {
    const two = { ...fresh, no_progress: { galph: 2, ralph: 1 } };
    expect(advance(two, turn(), done).state.no_progress).toEqual({ galph: 0, ralph: 1 });
    expect(idle(two, { review: true }).state.no_progress).toEqual({ galph: 2, ralph: 1 });
    expect(advance(two, turn({ review: true }), done).state.no_progress).toEqual({ galph: 2, ralph: 1 });
  });

  test('a limit of 0 switches it off', () => {
    expect(idle({ ...fresh, no_progress: { galph: 90, ralph: 0 } }, { no_progress_limit: 0 }).failure).toBeNull();
  });
});

test('actors alternate and the iteration never goes back, whatever happens', () => {
  const step = fc.record({
    how: fc.constantFrom('ok', 'failed', 'blocked', 'complete', 'interrupted' as const),
    progressed: fc.boolean(),
    review: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let state: OrchestrationState = fresh;
      for (const { how, progressed, review } of steps) {
        const before = state;
        const actor = before.expected_actor;
        const conclusion = (how === 'ok' || how === 'complete' ? { kind: how, summary: null, next_prompt: null } : { kind: how, failure }) as Conclusion;
        const after = advance(before, turn({ actor, progressed, review: review && actor === 'galph' }), conclusion);
        ({ state } = after);
        expect(state.iteration - before.iteration).toBe(actor === 'ralph' && state.expected_actor === 'galph' ? 1 : 0);
        if (after.failure !== null) expect(state.expected_actor).toBe(actor);
        else expect(state.expected_actor).not.toBe(actor);
        const reread = parseState(formatState({ state, raw: {} }), 'x');
        expect(reread.ok && reread.value.state).toEqual(OrchestrationState.parse(JSON.parse(JSON.stringify(state))));
      }
    }),
  );
});

test('what ends between turns keeps actor and iteration', () => {
  const at = { ...fresh, expected_actor: 'ralph', iteration: 3 } as const;
  expect(endBetweenTurns(at, AT, 'run_2', { stop: '' })).toMatchObject({ status: 'stopped', expected_actor: 'ralph', iteration: 3 });
  expect(endBetweenTurns(at, AT, 'run_2', { budget: { code: 'budget', kind: 'limit', message: 'spent' } })).toMatchObject({ status: 'failed', failure: { code: 'budget', actor: 'ralph' } });
});

test('of an edit by an agent only exit, its reason and unknown keys are taken', () => {
  const document = (value: object) => {
    const parsed = parseState(JSON.stringify(value), 'x');
    if (!parsed.ok) throw new Error(parsed.failure.message);
    return parsed.value;
  };
  const before = document({ mine: 1, iteration: 2, other: { a: 1 } });
  const after = document({ mine: 2, iteration: 9, expected_actor: 'ralph', other: { a: 1 }, added: true, exit: true, exit_reason: 'finished' });
  expect(readAgentEdit(before, after)).toEqual({ exit: true, exit_reason: 'finished', raw: { mine: 2, iteration: 2, other: { a: 1 }, added: true }, ignored: ['iteration', 'expected_actor'] });
});
