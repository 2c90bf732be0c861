import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Usage } from '../agents/contract.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { replaceFile } from '../base/replace-file.ts';
import { readControlFile } from './control-file.ts';
import type { Places } from './places.ts';
import { answerTo, clearQuestions, markDelivered, undelivered } from './questions.ts';
import { Actor } from './state.ts';
import type { OrchestrationState } from './state.ts';

/** A turn that ended with an open question: its session is gone on with once there is an answer. */
export const Suspended = z.object({
  schema_version: z.literal(1),
  turn_id: z.string(),
  actor: Actor,
  prompt: z.string(),
  agent: z.string(),
  /** Null where the agent's kind has none. */
  session_id: z.string().nullable(),
  used: Usage,
  questions: z.array(z.object({ id: z.string(), question: z.string(), options: z.array(z.string()).nullable(), asked_at: z.string() })),
});
export type Suspended = z.infer<typeof Suspended>;

const fileOf = (places: Places): string => join(places.control, 'suspended.json');

export const readSuspended = (places: Places): Result<Suspended | null> => readControlFile(fileOf(places), Suspended);

export const forgetSuspended = (places: Places): void => rmSync(fileOf(places), { force: true });

/**
 * What follows when an agent has ended well: nothing where it has all its answers; answers that it does not have yet, to go on
 * with; or failure `question`, with the turn noted as suspended (`always`: answered or not).
 */
export function suspendIfAsked(places: Places, turn: Omit<Suspended, 'schema_version' | 'questions'>, always = false): Result<Resumed | null> {
  const questions = undelivered(places, turn.turn_id);
  const [first] = questions;
  if (first === undefined) return ok(null);
  const { turn_id, actor, prompt, agent, session_id, used } = turn;
  const from = { schema_version: 1 as const, turn_id, actor, prompt, agent, session_id, used, questions };
  const resumed = withAnswers(places, from);
  if (resumed.ok && !always) {
    for (const question of questions) markDelivered(places, turn_id, question.id);
    return resumed;
  }
  replaceFile(fileOf(places), `${JSON.stringify(from)}\n`, { durable: true });
  return fail(questionOpen(turn, first.question, first.options));
}

/** What a suspended turn's agent is told, once every question has its answer. */
export interface Resumed {
  readonly from: Suspended;
  readonly text: string;
}

/**
 * The suspended turn that the coming one goes on with; null where there is none, or the loop has gone on without it.
 * Failure `question` (a person is needed) while an answer is missing.
 */
export function resumedTurn(places: Places, state: OrchestrationState): Result<Resumed | null> {
  const read = readSuspended(places);
  if (!read.ok) return read;
  const from = read.value;
  if (from === null) return ok(null);
  const current = state.turn_id === from.turn_id && state.expected_actor === from.actor && state.failure?.code === 'question';
  if (!current) {
    clearQuestions(places, from.turn_id);
    forgetSuspended(places);
    return ok(null);
  }
  return withAnswers(places, from);
}

function withAnswers(places: Places, from: Suspended): Result<Resumed> {
  const answers = from.questions.map((question) => ({ question, answer: answerTo(places, from.turn_id, question.id) }));
  const open = answers.find((each) => each.answer === null);
  if (open !== undefined) return fail(questionOpen(from, open.question.question));
  const text = answers.map(({ question, answer }) => `You asked: ${question.question}\nThe operator answers: ${answer ?? ''}\n`).join('\n');
  return ok({ from, text: `${text}\nGo on where you were, and finish the task.\n` });
}

/** A turn cannot go on without its answer. */
export const questionOpen = ({ turn_id, actor }: Pick<Suspended, 'turn_id' | 'actor'>, question: string, options: readonly string[] | null = null): Failure => ({
  code: 'question',
  kind: 'needs_person',
  message: `${actor} asks: ${question}${options === null || options.length === 0 ? '' : ` (${options.join(' | ')})`}`,
  hint: `orchestrator answer ${turn_id} "…", then run again: the same session goes on with it.`,
  details: { turn_id, question, options },
});
