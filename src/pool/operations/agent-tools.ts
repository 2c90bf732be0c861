import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { replaceFile } from '../../base/replace-file.ts';
import { ask, awaitAnswer, markDelivered, openLoop, touchesFile } from '../../loop/contract.ts';
import type { Places } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { PLANS } from '../chunk-name.ts';
import { boundUnit, readConflicts } from '../unit-binding.ts';
import type { Binding } from '../unit-binding.ts';
import { UnitOutcome } from '../unit-outcome.ts';

/** What an agent may ask of the pool during its call; offered to it by the MCP server, which works in the unit's worktree. */

const shared = { failures: ['not_bound', 'config_invalid', 'not_a_repository'], transaction: 'none', cross_domain_deps: [], surfaces: ['mcp'], callers: ['agent'], starts_work: false } as const;

async function openBound(context: OperationContext): Promise<Result<{ places: Places; binding: Binding }>> {
  const opened = await openLoop(context);
  if (!opened.ok) return opened;
  const bound = boundUnit(opened.value.places, context.environment);
  return bound.ok ? ok({ places: opened.value.places, binding: bound.value }) : bound;
}

export const outcomeReport = defineOperation({
  ...shared,
  name: 'pool.outcome.report',
  summary: 'Report how your phase ended: ok, blocked (a person is needed) or failed; a review with its verdict and notes',
  input: UnitOutcome,
  output: z.object({ recorded: z.boolean() }),
  async handler(context, input) {
    const opened = await openBound(context);
    if (!opened.ok) return opened;
    const { outcome } = opened.value.binding;
    mkdirSync(dirname(outcome), { recursive: true });
    replaceFile(outcome, `${JSON.stringify(input)}\n`);
    return ok({ recorded: true });
  },
});

export const questionAsk = defineOperation({
  ...shared,
  name: 'pool.question.ask',
  summary: 'Ask the operator, and wait for the answer. Only a person answers, so it may take long',
  input: z.object({ question: z.string().min(1).max(20_000), options: z.array(z.string().min(1).max(2000)).max(50).optional().describe('Answers to choose from, if there are any.') }),
  output: z.object({ answer: z.string().nullable(), suspended: z.boolean(), note: z.string() }),
  async handler(context, input) {
    const opened = await openBound(context);
    if (!opened.ok) return opened;
    const { places, binding } = opened.value;
    const id = ask(places, binding.attempt, input.question, input.options ?? null, context.clock.now());
    const answer = await awaitAnswer(places, binding.attempt, id, binding.question_wait, context.signal);
    if (answer === null) return ok({ answer: null, suspended: true, note: 'Nobody has answered yet. End now, without a guess in place of the answer: this session is gone on with once it is there.' });
    markDelivered(places, binding.attempt, id);
    return ok({ answer, suspended: false, note: 'The operator answered.' });
  },
});

export const contextGet = defineOperation({
  ...shared,
  name: 'pool.context.get',
  summary: 'What your work unit is about, and what was found before',
  input: z.object({}),
  output: z.object({ unit: z.string(), phase: z.string(), branch: z.string(), target: z.string(), base: z.string(), goal: z.string(), plan: z.string(), notes: z.array(z.string()) }),
  async handler(context) {
    const opened = await openBound(context);
    if (!opened.ok) return opened;
    const { unit, phase, branch, target, base, notes } = opened.value.binding;
    return ok({ unit, phase, branch, target, base, goal: `${PLANS}/${unit}/GOAL.md`, plan: `${PLANS}/${unit}/PLAN.md`, notes });
  },
});

export const conflictMine = defineOperation({
  ...shared,
  name: 'pool.conflict.mine',
  summary: 'Other work in progress that touches the same things as yours, as it is known now',
  input: z.object({}),
  output: z.object({ pairs: z.array(z.string()) }),
  async handler(context) {
    const opened = await openBound(context);
    return opened.ok ? ok({ pairs: [...readConflicts(opened.value.places)] }) : opened;
  },
});

export const touchDeclare = defineOperation({
  ...shared,
  name: 'pool.touch.declare',
  summary: 'Say which files you are going to change, so that others are kept apart from you in time',
  input: z.object({ paths: z.array(z.string().min(1).max(1000)).min(1).max(500).describe('Paths or globs, from the workspace.') }),
  output: z.object({ declared: z.array(z.string()) }),
  async handler(context, input) {
    const opened = await openBound(context);
    if (!opened.ok) return opened;
    const { places, binding } = opened.value;
    const file = touchesFile(places, binding.attempt);
    mkdirSync(dirname(file), { recursive: true });
    replaceFile(file, `${JSON.stringify({ turn_id: binding.attempt, paths: input.paths, at: context.timestamp })}\n`);
    return ok({ declared: input.paths });
  },
});
