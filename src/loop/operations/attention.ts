import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { defineOperation } from '../../spine/operation.ts';
import { readJournal } from '../journal.ts';
import { isHolderAlive, readHolder } from '../lock.ts';
import { answer, answerTo, openQuestions } from '../questions.ts';
import type { Question } from '../questions.ts';
import { readState } from '../stamp.ts';
import { readSuspended } from '../suspended.ts';
import { openLoop } from './open.ts';
import type { OpenLoop } from './open.ts';

const Item = z.object({
  /** The turn. */
  unit: z.string(),
  kind: z.enum(['question', 'blocked']),
  attention_reason: z.string(),
  question: z.string().nullable(),
  options: z.array(z.string()).nullable(),
  waiting_ms: z.number(),
  /** What cannot go on meanwhile. */
  blocks: z.array(z.string()),
});

interface OpenQuestion {
  readonly turn_id: string;
  readonly actor: string;
  readonly question: Question;
  /** The agent still waits for it. */
  readonly live: boolean;
}

/** The questions without an answer: of the turn in flight, and of a suspended one. */
async function allOpen({ places, repository, settings }: OpenLoop): Promise<Result<OpenQuestion[]>> {
  const journal = readJournal(places);
  if (!journal.ok) return journal;
  const suspended = readSuspended(places);
  if (!suspended.ok) return suspended;
  const turn = journal.value;
  const holder = await readHolder(places.lock);
  const live = holder !== null && isHolderAlive(holder);
  const state = readState(repository.root, settings.state_file);
  const inFlight = turn === null ? [] : openQuestions(places, turn.turn_id).map((question) => ({ turn_id: turn.turn_id, actor: turn.actor, question, live }));
  const left = suspended.value;
  // A suspended turn that the loop has gone on without needs no answer any more.
  const gone = state.ok && state.value.state.turn_id !== left?.turn_id;
  const waiting = left === null || gone || left.turn_id === turn?.turn_id ? [] : left.questions.filter((question) => answerTo(places, left.turn_id, question.id) === null).map((question) => ({ turn_id: left.turn_id, actor: left.actor, question, live: false }));
  return ok([...inFlight, ...waiting]);
}

export const attentionList = defineOperation({
  name: 'loop.attention.list',
  summary: 'What waits for a person: open questions, and a loop that is blocked',
  input: z.object({}),
  output: z.object({ items: z.array(Item) }),
  failures: ['config_invalid', 'not_a_repository', 'state_invalid'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http'],
  callers: ['operator', 'system'],
  starts_work: false,
  async handler(context) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const { repository, settings } = opened.value;
    const open = await allOpen(opened.value);
    if (!open.ok) return open;
    const since = (at: string): number => Math.max(0, context.clock.now().getTime() - Date.parse(at));
    const items: z.infer<typeof Item>[] = open.value.map(({ turn_id, actor, question, live }) => ({
      unit: turn_id, kind: 'question', attention_reason: live ? `${actor}'s agent asks, and waits` : `${actor}'s agent asked; its session goes on with the next run after the answer`,
      question: question.question, options: question.options, waiting_ms: since(question.asked_at), blocks: [],
    }));
    const state = readState(repository.root, settings.state_file);
    if (!state.ok) return state;
    const { failure, status, turn_id, last_update } = state.value.state;
    if (status === 'blocked' && failure !== null && failure.code !== 'question') {
      items.push({ unit: turn_id ?? '', kind: 'blocked', attention_reason: failure.message, question: null, options: null, waiting_ms: since(last_update ?? failure.at), blocks: [] });
    }
    return ok({ items });
  },
});

export const questionAnswer = defineOperation({
  name: 'loop.question.answer',
  summary: 'Answer the oldest open question of a turn',
  input: z.object({ unit: z.string().min(1).describe('The turn, or the beginning of its id.'), text: z.string().min(1).max(100_000) }),
  output: z.object({ unit: z.string(), question: z.string(), live: z.boolean().describe('The agent still waits for it; else the next run goes on with it.'), left: z.number().int().describe('Questions of the turn that are still open.') }),
  failures: ['config_invalid', 'not_a_repository', 'not_allowed', 'question_ambiguous', 'question_not_found'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http'],
  callers: ['operator', 'system'],
  starts_work: false,
  async handler(context, input) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const { places } = opened.value;
    // No wall without a sandbox, but no agent answers itself by the way.
    if (context.environment['ORCHESTRATOR_TOKEN'] !== undefined) return fail({ code: 'not_allowed', kind: 'precondition', message: 'An agent may not answer: this was called from within a turn.' });
    const open = await allOpen(opened.value);
    if (!open.ok) return open;
    const matching = open.value.filter((each) => each.turn_id.startsWith(input.unit));
    const turns = [...new Set(matching.map((each) => each.turn_id))];
    const [oldest] = matching;
    if (turns.length > 1) return fail({ code: 'question_ambiguous', kind: 'invalid', message: `${JSON.stringify(input.unit)} is the beginning of ${turns.length} turns.`, details: { turns } });
    if (oldest === undefined) return fail({ code: 'question_not_found', kind: 'not_found', message: `No question of ${JSON.stringify(input.unit)} is open.`, hint: 'orchestrator attention shows what is.' });
    answer(places, oldest.turn_id, oldest.question.id, input.text, context.clock.now());
    return ok({ unit: oldest.turn_id, question: oldest.question.question, live: oldest.live, left: matching.length - 1 });
  },
});
