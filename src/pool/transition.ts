import { z } from 'zod';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { AttentionKind, UnitPhase, Wait } from './unit.ts';
import type { Unit, UnitStatus } from './unit.ts';

/**
 * The one transition table: status × event -> status, with what each event must carry. Nothing changes a unit's status
 * past it, be it the scheduler, an operator or a start after a crash.
 */

const Nothing = z.strictObject({});
const reason = z.string().trim().min(1);

/** What each event carries. */
export const PAYLOADS = {
  /** Its conflicts are known. */
  analysed: Nothing,
  /** Others must finish first, or an operator held it back. */
  wait: z.strictObject({ waits: z.array(Wait).min(1) }),
  clear: Nothing,
  /** Slot and claim are taken. */
  assign: z.strictObject({ agent: z.object({ name: z.string(), kind: z.string() }) }),
  start: z.strictObject({ phase: UnitPhase }),
  /** On to another phase in the same go. */
  advance: z.strictObject({ phase: UnitPhase }),
  /** Back in line for an agent, its claim kept. */
  requeue: z.strictObject({ phase: UnitPhase.nullable(), why: reason, not_before: z.string().nullable() }),
  attention: z.strictObject({ kind: AttentionKind, attention_reason: reason, question: z.strictObject({ question: reason, options: z.array(z.string()).nullable() }).nullable() }),
  answer: z.strictObject({ text: z.string() }),
  /** What an agent or a person needed has come about without an answer. */
  resume: z.strictObject({ why: reason }),
  complete: z.strictObject({ merged_as: z.string().min(1) }),
  fail: z.strictObject({ code: z.string(), message: reason }),
  cancel: z.strictObject({ why: reason }),
  retry: Nothing,
} as const;

export type UnitEvent = keyof typeof PAYLOADS;
export type Payload<E extends UnitEvent> = z.input<(typeof PAYLOADS)[E]>;

/** An event with its payload. */
export type Change = { [E in UnitEvent]: { readonly event: E; readonly payload: Payload<E> } }[UnitEvent];

export const TABLE: Readonly<Record<UnitStatus, Readonly<Partial<Record<UnitEvent, UnitStatus>>>>> = {
  PENDING: { analysed: 'READY', wait: 'BLOCKED', attention: 'NEEDS_ATTENTION', cancel: 'CANCELLED', fail: 'FAILED' },
  READY: { wait: 'BLOCKED', assign: 'ASSIGNED', attention: 'NEEDS_ATTENTION', cancel: 'CANCELLED', fail: 'FAILED' },
  ASSIGNED: { start: 'RUNNING', requeue: 'READY', attention: 'NEEDS_ATTENTION', fail: 'FAILED', cancel: 'CANCELLED' },
  RUNNING: { advance: 'RUNNING', requeue: 'READY', attention: 'NEEDS_ATTENTION', complete: 'COMPLETED', fail: 'FAILED', cancel: 'CANCELLED' },
  BLOCKED: { wait: 'BLOCKED', clear: 'READY', attention: 'NEEDS_ATTENTION', cancel: 'CANCELLED', fail: 'FAILED' },
  NEEDS_ATTENTION: { answer: 'READY', resume: 'READY', retry: 'READY', attention: 'NEEDS_ATTENTION', cancel: 'CANCELLED', fail: 'FAILED' },
  COMPLETED: {},
  FAILED: { retry: 'PENDING' },
  CANCELLED: {},
};

/** Back edges that a unit may take. */
export const MAX_REVIEW_ROUNDS = 3;
export const MAX_MERGE_ROUNDS = 2;

/** Applies an event. Failures: `transition_refused` (conflict) where the table has no such edge, `payload_invalid` for a wrong payload. */
export function applyChange(unit: Unit, change: Change): Result<Unit> {
  const to = TABLE[unit.status][change.event];
  if (to === undefined) {
    return fail({ code: 'transition_refused', kind: 'conflict', message: `${unit.chunk} is ${unit.status}${unit.kind === null ? '' : ` (${unit.kind})`}: ${change.event} is not possible there.`, details: { chunk: unit.chunk, status: unit.status, event: change.event } });
  }
  const parsed = PAYLOADS[change.event].safeParse(change.payload);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail({ code: 'payload_invalid', kind: 'invalid', message: `${change.event} of ${unit.chunk}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong payload'}` });
  }
  const moved = { ...unit, status: to };
  return ok({ ...moved, ...effect(unit, change) });
}

const CALM = { kind: null, attention_reason: null, question: null } as const;

/** What an event changes beside the status. */
function effect(unit: Unit, change: Change): Partial<Unit> {
  switch (change.event) {
    case 'analysed':
    case 'clear':
      return { waits: [] };
    case 'wait':
      return { waits: change.payload.waits.map((wait) => ({ ...wait })) };
    case 'assign':
      return { claim: true, agent: change.payload.agent, not_before: null, limited: null };
    case 'start':
    case 'advance':
      return { phase: change.payload.phase };
    case 'requeue':
      return { phase: change.payload.phase, not_before: change.payload.not_before };
    case 'attention':
      return { kind: change.payload.kind, attention_reason: change.payload.attention_reason, question: change.payload.question === null ? null : { ...change.payload.question, live: null }, waits: [] };
    case 'answer':
      return { ...CALM, answer: unit.question === null ? { question: unit.attention_reason ?? '', text: change.payload.text } : { question: unit.question.question, text: change.payload.text } };
    case 'resume':
      return CALM;
    case 'complete':
      return { merged_as: change.payload.merged_as, claim: false, session: null, notes: [] };
    case 'fail':
      return { ...CALM, failure: { code: change.payload.code, message: change.payload.message }, claim: false, waits: [] };
    case 'cancel':
      return { ...CALM, claim: false, waits: [] };
    case 'retry':
      // A unit that waits for a person still has its claim and its place; a failed one begins to wait anew.
      return { ...CALM, failure: null, errors: 0, merge_rounds: 0, review_rounds: 0, session: null, ...(unit.status === 'FAILED' ? { phase: null } : {}) };
  }
}
