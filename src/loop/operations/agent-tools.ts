import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { replaceFile } from '../../base/replace-file.ts';
import { defineOperation } from '../../spine/operation.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { boundTurn } from '../binding.ts';
import type { Journal } from '../journal.ts';
import { OutcomeReport } from '../outcome.ts';
import { ask, awaitAnswer, markDelivered, touchesFile } from '../questions.ts';
import { readRecords, recordsFile } from '../record.ts';
import { openLoop } from './open.ts';
import type { OpenLoop } from './open.ts';

/** What an agent may ask of the loop during its turn; offered to it by the MCP server. */

const shared = { transaction: 'none', cross_domain_deps: [], surfaces: ['mcp'], callers: ['agent'], starts_work: false } as const;

/** The workspace, and the turn that the caller was started for. */
async function openBound(context: OperationContext): Promise<Result<{ loop: OpenLoop; turn: Journal }>> {
  const opened = await openLoop(context);
  if (!opened.ok) return opened;
  const bound = boundTurn(opened.value.places, context.environment);
  return bound.ok ? ok({ loop: opened.value, turn: bound.value }) : bound;
}

export const outcomeReport = defineOperation({
  ...shared,
  name: 'loop.outcome.report',
  summary: 'Report how your turn ended: ok, blocked (a person is needed), complete (the whole job is done) or failed',
  input: OutcomeReport,
  output: z.object({ recorded: z.boolean() }),
  failures: ['not_bound'],
  async handler(context, input) {
    const opened = await openBound(context);
    if (!opened.ok) return opened;
    const path = opened.value.turn.agent?.outcome;
    if (path === undefined) return fail({ code: 'not_bound', kind: 'precondition', message: 'The turn has no agent.' });
    mkdirSync(dirname(path), { recursive: true });
    replaceFile(path, `${JSON.stringify(input)}\n`);
    return ok({ recorded: true });
  },
});

export const questionAsk = defineOperation({
  ...shared,
  name: 'loop.question.ask',
  summary: 'Ask the operator, and wait for the answer. Only a person answers, so it may take long',
  input: z.object({ question: z.string().min(1).max(20_000), options: z.array(z.string().min(1).max(2000)).max(50).optional().describe('Answers to choose from, if there are any.') }),
  output: z.object({ answer: z.string().nullable(), suspended: z.boolean(), note: z.string() }),
  failures: ['not_bound'],
  async handler(context, input) {
    const opened = await openBound(context);
    if (!opened.ok) return opened;
    const { loop, turn } = opened.value;
    const id = ask(loop.places, turn.turn_id, input.question, input.options ?? null, context.clock.now());
    const answer = await awaitAnswer(loop.places, turn.turn_id, id, loop.settings.limits.question_wait, context.signal);
    if (answer !== null) {
      markDelivered(loop.places, turn.turn_id, id);
      return ok({ answer, suspended: false, note: 'The operator answered.' });
    }
    return ok({ answer: null, suspended: true, note: 'Nobody has answered yet. End your turn now, without a guess in place of the answer: this session is gone on with once it is there.' });
  },
});

export const contextGet = defineOperation({
  ...shared,
  name: 'loop.context.get',
  summary: 'Where the loop stands: your turn, and how the turns before it ended',
  input: z.object({ turns: z.number().int().min(0).max(50).default(5).describe('How many of the last turns to show.') }),
  output: z.object({
    turn: z.object({ id: z.string(), actor: z.string(), iteration: z.number().int(), attempt: z.number().int(), prompt: z.string().nullable(), branch: z.string(), base: z.string() }),
    files: z.object({ state: z.string(), input: z.string(), findings: z.string() }),
    turns: z.array(z.object({ id: z.string(), actor: z.string(), iteration: z.number().int(), prompt: z.string().nullable(), outcome: z.string(), summary: z.string().nullable(), failure: z.string().nullable(), commits: z.array(z.string()), files_changed: z.array(z.string()) })),
  }),
  failures: ['not_bound'],
  async handler(context, input) {
    const opened = await openBound(context);
    if (!opened.ok) return opened;
    const { loop, turn } = opened.value;
    const { records } = await readRecords(recordsFile(loop.settings.logs_dir, turn.branch));
    const last = input.turns === 0 ? [] : records.slice(-input.turns);
    return ok({
      turn: { id: turn.turn_id, actor: turn.actor, iteration: turn.iteration, attempt: turn.attempt, prompt: turn.routed?.prompt ?? null, branch: turn.branch, base: turn.base },
      files: { state: join(loop.repository.root, loop.settings.state_file), input: loop.settings.input_file, findings: loop.settings.findings_file },
      turns: last.map((record) => ({ id: record.id, actor: record.actor, iteration: record.iteration, prompt: record.prompt, outcome: record.outcome, summary: record.summary, failure: record.failure?.message ?? null, commits: record.commits, files_changed: record.files_changed })),
    });
  },
});

export const conflictList = defineOperation({
  ...shared,
  name: 'loop.conflict.list',
  summary: 'Other work in progress that touches the same files; in the turn loop there is none, as one agent works at a time',
  input: z.object({}),
  output: z.object({ pairs: z.array(z.never()) }),
  failures: ['not_bound'],
  async handler(context) {
    const opened = await openBound(context);
    return opened.ok ? ok({ pairs: [] }) : opened;
  },
});

export const touchDeclare = defineOperation({
  ...shared,
  name: 'loop.touch.declare',
  summary: 'Say which files you are going to change, so that others are warned in time',
  input: z.object({ paths: z.array(z.string().min(1).max(1000)).min(1).max(500).describe('Paths or globs, from the workspace.') }),
  output: z.object({ declared: z.array(z.string()) }),
  failures: ['not_bound'],
  async handler(context, input) {
    const opened = await openBound(context);
    if (!opened.ok) return opened;
    const { loop, turn } = opened.value;
    const file = touchesFile(loop.places, turn.turn_id);
    mkdirSync(dirname(file), { recursive: true });
    replaceFile(file, `${JSON.stringify({ turn_id: turn.turn_id, paths: input.paths, at: context.timestamp })}\n`);
    return ok({ declared: input.paths });
  },
});
