import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { attentionList as loopAttention, questionAnswer as answerTurn } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import { chunkName } from '../chunk-name.ts';
import { answerLive } from '../live-questions.ts';
import { inOrder } from '../merge-order.ts';
import { blockedBehind } from '../scheduler.ts';
import { readStandstill } from '../standstill.ts';
import { liveUnits, newest, unitNotFound } from '../unit-book.ts';
import { isMerging } from '../unit.ts';
import type { Unit } from '../unit.ts';
import { READ_FAILURES, isAgentCall, meantUnit, readStore } from './open.ts';

const Item = z.object({
  /** A chunk, or a turn. */
  unit: z.string(),
  kind: z.string(),
  attention_reason: z.string(),
  question: z.string().nullable(),
  options: z.array(z.string()).nullable(),
  waiting_ms: z.number(),
  /** What waits behind it. */
  blocks: z.array(z.string()),
});

const opening = ['state_invalid', ...READ_FAILURES] as const;

export const attentionList = defineOperation({
  name: 'pool.attention.list',
  summary: 'What waits for a person: work units and turns, first what most waits behind',
  input: z.object({}),
  output: z.object({ items: z.array(Item) }),
  failures: opening,
  transaction: 'none',
  cross_domain_deps: [loopAttention],
  surfaces: ['cli', 'http'],
  callers: ['operator', 'system'],
  starts_work: false,
  async handler(context) {
    const now = context.clock.now().getTime();
    const units = await readStore<z.infer<typeof Item>[]>(context, [], async (tx) => {
      const live = await liveUnits(tx);
      const behind = blockedBehind(live);
      const asks = (unit: Unit): boolean => unit.status === 'NEEDS_ATTENTION' || (unit.question?.live ?? null) !== null;
      const items: z.infer<typeof Item>[] = live.filter(asks).map((unit) => ({
        unit: unit.chunk, kind: unit.kind ?? 'QUESTION', attention_reason: unit.attention_reason ?? 'Its agent asks, and waits', question: unit.question?.question ?? null, options: unit.question?.options ?? null,
        waiting_ms: Math.max(0, now - Date.parse(unit.since)), blocks: [...(behind.get(unit.chunk) ?? [])],
      }));
      // What waits for a unit that will not come to its end by itself waits for a person.
      for (const [chunk, blocks] of behind) {
        const unit = live.some((each) => each.chunk === chunk) ? null : await newest(tx, chunk);
        if (unit === null || (unit.status !== 'FAILED' && unit.status !== 'CANCELLED')) continue;
        const reason = unit.status === 'FAILED' ? `It failed: ${unit.failure?.message ?? 'no reason is known'}` : 'It was given up';
        items.push({ unit: chunk, kind: 'blocked', attention_reason: `${reason}. Others depend on it.`, question: null, options: null, waiting_ms: Math.max(0, now - Date.parse(unit.since)), blocks: [...blocks] });
      }
      const door = inOrder(live.filter(isMerging));
      const { budget, merge_waits } = await readStandstill(tx);
      const [first, ...others] = door;
      if (merge_waits !== null && first !== undefined) items.push({ unit: first.chunk, kind: 'blocked', attention_reason: `It is ready to land, and waits: ${merge_waits}`, question: null, options: null, waiting_ms: Math.max(0, now - Date.parse(first.since)), blocks: others.map((unit) => unit.chunk) });
      const held = live.filter((unit) => unit.status === 'READY').map((unit) => unit.chunk);
      if (budget !== null && held.length > 0) items.push({ unit: held[0] ?? '', kind: 'BUDGET', attention_reason: `Nothing more is started: ${budget}`, question: null, options: null, waiting_ms: 0, blocks: held.slice(1) });
      return items;
    });
    if (!units.ok) return units;
    const turns = await context.call(loopAttention, {});
    if (!turns.ok) return turns;
    const items = [...units.value, ...turns.value.items].toSorted((a, b) => b.blocks.length - a.blocks.length || b.waiting_ms - a.waiting_ms);
    return ok({ items });
  },
});

const Answered = z.object({ unit: z.string(), question: z.string(), live: z.boolean().describe('Its agent still waits for it; else it goes on with the answer when it is started again.'), left: z.number().int().describe('Questions of it that are still open.') });

/** The daemon's part of an answer. */
export const unitAnswer = defineOperation({
  name: 'pool.unit.answer',
  summary: 'Answer the question of a work unit; its phase goes on with the answer',
  input: z.object({ unit: z.string().min(1), text: z.string().min(1).max(100_000) }),
  output: Answered,
  failures: ['chunk_name_invalid', 'daemon_not_running', 'question_not_found', 'transition_refused', 'unit_busy', 'unit_not_found'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['http'],
  callers: ['operator', 'system'],
  starts_work: true,
  runs_in: 'daemon',
  async handler(context, input) {
    const meant = meantUnit(context, input.unit);
    if (!meant.ok) return meant;
    const { pool, name } = meant.value;
    const { units, wake } = pool.runtime;
    const unit = await units.find(name);
    if (unit === null) return fail(unitNotFound(name));
    const live = unit.question?.live ?? null;
    if (unit.status === 'RUNNING' && unit.question !== null && live !== null) {
      answerLive(pool.runtime, live, input.text);
      await units.note(name, { question: null }, 'unit.answered');
      return ok({ unit: name, question: unit.question.question, live: true, left: 0 });
    }
    if (unit.status !== 'NEEDS_ATTENTION') return fail({ code: 'question_not_found', kind: 'not_found', message: `${name} asks nothing: it is ${unit.status}.`, hint: 'orchestrator attention shows what waits for you.' });
    const question = unit.question?.question ?? unit.attention_reason ?? '';
    // For what is no question, the text is for the agent, which goes on with it.
    // Of what went wrong on the way into the target the engineer is told.
    const back = unit.phase === 'MERGE' ? { phase: 'IMPLEMENT' as const, notes: [...unit.notes, question] } : {};
    const answered = await units.change(name, { event: 'answer', payload: { text: input.text } }, { errors: 0, ...back });
    if (!answered.ok) return answered;
    wake();
    return ok({ unit: name, question, live: false, left: 0 });
  },
});

export const questionAnswer = defineOperation({
  name: 'pool.question.answer',
  summary: 'Answer what a work unit or a turn asks',
  input: z.object({ unit: z.string().min(1).describe('The chunk, or the turn or the beginning of its id.'), text: z.string().min(1).max(100_000) }),
  output: Answered,
  failures: ['not_allowed', 'question_ambiguous', 'question_not_found', 'transition_refused', 'unit_busy', 'daemon_not_running', ...opening],
  transaction: 'none',
  cross_domain_deps: [unitAnswer, answerTurn],
  surfaces: ['cli', 'http'],
  callers: ['operator'],
  starts_work: true,
  async handler(context, input): Promise<Result<z.infer<typeof Answered>>> {
    if (isAgentCall(context)) return fail({ code: 'not_allowed', kind: 'precondition', message: 'An agent may not answer: this was called from within a turn.' });
    const name = chunkName(input.unit);
    const found = name.ok ? await readStore(context, null, async (tx) => await newest(tx, name.value)) : ok(null);
    if (!found.ok) return found;
    return found.value === null ? await context.call(answerTurn, input) : await context.call(unitAnswer, input);
  },
});
