import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentSpec } from '../agents/contract.ts';
import { crashPoint } from '../base/crash-point.ts';
import { failureOf } from '../base/failure.ts';
import type { Failure } from '../base/failure.ts';
import { checkedOutCommit } from '../git/head.ts';
import { resolveCommit } from '../git/history.ts';
import { decideLimit, takeSnapshot } from '../loop/contract.ts';
import type { AttentionKind, Unit, UnitPhase } from './unit.ts';
import { MAX_REVIEW_ROUNDS } from './transition.ts';
import { hasContent } from './chunk.ts';
import { activate, readChunk, settle } from './goal-file.ts';
import { takeBackTarget } from './target-guard.ts';
import { finishUpdate } from './target-update.ts';
import { agentFor, callForPhase, unitSettings } from './phase-call.ts';
import type { AgentPhase, PhaseCall } from './phase-call.ts';
import { hasReviewPrompt } from './phase-prompt.ts';
import type { PoolRuntime } from './runtime.ts';
import { runSetup } from './setup.ts';
import { backupRef } from './backups.ts';
import { commitWork } from './unit-commit.ts';
import { concludePhase } from './unit-outcome.ts';
import type { PhaseEnd } from './unit-outcome.ts';
import { ensureWorktree } from './worktrees.ts';
import type { UnitPlace } from './worktrees.ts';

/** Each later try of the same call waits longer. Milliseconds. */
const BACKOFF_MS = [5_000, 30_000, 120_000] as const;

/** What the driver of a unit needs beside the pool. */
export interface WorkOptions {
  /** Aborted when the unit is cancelled or the pool stops. */
  readonly signal: AbortSignal;
  /** First of the ports that are the unit's. */
  readonly ports: number;
}

/** Phases that a unit goes through, by configuration and by what there is. */
export function phasesOf(pool: PoolRuntime, plan: string | null): readonly UnitPhase[] {
  const { pool: settings, prompts_dir } = pool.config();
  const chosen: readonly UnitPhase[] = settings.phases ?? [...(hasContent(plan) ? [] : ['PLAN' as const]), 'IMPLEMENT', ...(hasReviewPrompt(join(pool.workspace, prompts_dir)) ? ['REVIEW' as const] : [])];
  return [...(['PLAN', 'IMPLEMENT', 'REVIEW'] as const).filter((phase) => chosen.includes(phase)), 'MERGE'];
}

/**
 * Takes an assigned unit through its phases, up to the merge queue's door or until it has to wait. Whatever happens, it
 * ends with the unit in a state of the table; a stop leaves it RUNNING, for the next start.
 */
export async function work(pool: PoolRuntime, chunk: string, options: WorkOptions): Promise<void> {
  try {
    await workThrough(pool, chunk, options);
  } catch (error) {
    if (options.signal.aborted) return;
    const failure = failureOf(error);
    pool.log.error('the work on a unit broke off', { chunk, failure });
    await needsPerson(pool, chunk, failure.kind === 'bug' ? 'INTERNAL' : 'VALIDATION', failure.message);
  }
}

async function needsPerson(pool: PoolRuntime, chunk: string, kind: AttentionKind, attention_reason: string, question: { question: string; options: string[] | null } | null = null): Promise<void> {
  await pool.units.change(chunk, { event: 'attention', payload: { kind, attention_reason, question } });
}

async function workThrough(pool: PoolRuntime, chunk: string, options: WorkOptions): Promise<void> {
  const current = (): Unit => {
    const unit = pool.units.live.get(chunk);
    if (unit === undefined) throw new Error(`${chunk} is worked on and not live`);
    return unit;
  };
  const first = current();
  const start = first.base ?? (await resolveCommit(pool.repository.git, `refs/heads/${pool.target}`));
  if (start === null) return await needsPerson(pool, chunk, 'VALIDATION', `The target branch ${pool.target} is not there.`);
  const made = await ensureWorktree(pool, first, start);
  crashPoint('unit-worktree');
  if (!made.ok) return await needsPerson(pool, chunk, 'VALIDATION', made.failure.message);
  const place = made.value;
  await pool.units.note(chunk, { base: start }, 'unit.prepared');
  // A crash in mid-setup leaves a worktree that is there and not ready.
  if (place.fresh || first.worktree === null) {
    const problem = await runSetup(pool, place, options);
    if (options.signal.aborted) return;
    if (problem !== null) return await needsPerson(pool, chunk, 'VALIDATION', problem);
    await pool.units.note(chunk, { worktree: place.repository.root }, 'unit.prepared');
  }
  if (current().future) {
    const displaced = await activate(place, pool.prefix, current());
    await pool.units.note(chunk, { displaced: [...displaced] }, 'unit.activated');
  }
  const plan = join(place.workspace, 'plans', chunk, 'PLAN.md');
  const phases = phasesOf(pool, existsSync(plan) ? readFileSync(plan, 'utf8') : null);
  let phase = current().phase ?? phases[0] ?? 'MERGE';
  // At the merge queue's door stands who is RUNNING in MERGE: until all is settled a unit that has no phase left is ASSIGNED.
  if (phase !== 'MERGE') await pool.units.change(chunk, { event: 'start', payload: { phase } });
  while (phase !== 'MERGE') {
    const next = await playPhase(pool, current(), phase, place, options);
    if (next === null || options.signal.aborted) return;
    phase = next === 'on' ? (phases[phases.indexOf(phase) + 1] ?? 'MERGE') : next;
    if (phase !== 'MERGE') await pool.units.change(chunk, { event: 'advance', payload: { phase } }, { session: null });
  }
  const unfit = await settleForMerge(pool, current(), place);
  if (unfit !== null) return await needsPerson(pool, chunk, 'VALIDATION', unfit);
  crashPoint('unit-finished');
  const event = current().status === 'ASSIGNED' ? 'start' : 'advance';
  await pool.units.change(chunk, { event, payload: { phase: 'MERGE' } }, { session: null, notes: [] });
  pool.wake();
}

/** Makes a unit fit for the merge queue; gives why it is not. */
async function settleForMerge(pool: PoolRuntime, unit: Unit, place: UnitPlace): Promise<string | null> {
  const left = await leftovers(pool, place);
  if (left.length > 0) return `Its worktree holds what may not be committed, and would be lost: ${left.slice(0, 10).join(', ')}${left.length > 10 ? ` and ${left.length - 10} more` : ''}. Take it away or make it fit in ${place.repository.root}, then: orchestrator unit retry ${unit.chunk}`;
  const settled = await settle(place, pool.prefix, unit);
  return settled.ok ? null : settled.failure.message;
}

/** What stands uncommitted in a worktree and is not ours: too large, secret, or outside what may be committed. */
async function leftovers(pool: PoolRuntime, place: UnitPlace): Promise<string[]> {
  const { isReserved } = unitSettings(pool, place);
  return [...(await takeSnapshot(place.repository.git, place.repository.root)).dirty.keys()].filter((path) => !isReserved(path));
}

/** Plays one phase. `on`: the next one; a phase: back to it; null: the unit waits, or is at its end. */
async function playPhase(pool: PoolRuntime, unit: Unit, phase: AgentPhase, place: UnitPlace, options: WorkOptions): Promise<'on' | UnitPhase | null> {
  const { chunk } = unit;
  const declared = readChunk(place.workspace, chunk);
  const agent = await agentFor(pool, phase, declared.ok ? declared.value.agent : null);
  if (!agent.ok) {
    await needsPerson(pool, chunk, 'AGENT_ERROR', agent.failure.message);
    return null;
  }
  const spec = await standIn(pool, agent.value, unit, phase);
  const base = await checkedOutCommit(place.repository);
  const target = await resolveCommit(pool.repository.git, `refs/heads/${pool.target}`);
  await pool.units.note(chunk, { attempt: unit.attempt + 1 }, 'unit.attempt');
  const called = await callForPhase(pool, pool.units.live.get(chunk) ?? unit, phase, place, { base, ports: options.ports, agent: spec, conflicts: pool.verdicts.told(chunk), signal: options.signal });
  if (!called.ok) {
    await needsPerson(pool, chunk, called.failure.kind === 'invalid' ? 'VALIDATION' : 'AGENT_ERROR', called.failure.message);
    return null;
  }
  if (!options.signal.aborted) {
    const intruded = await takeBackTarget(pool, unit, place, target);
    if (intruded !== null) {
      await needsPerson(pool, chunk, 'VALIDATION', intruded);
      return null;
    }
  }
  return await afterCall(pool, chunk, phase, place, base, called.value, options.signal);
}

/** The agent that stands in where a usage limit made the unit go on with another one. */
async function standIn(pool: PoolRuntime, agent: AgentSpec, unit: Unit, phase: AgentPhase): Promise<AgentSpec> {
  if (unit.agent.name === agent.name || !pool.config().agent.fallback.includes(unit.agent.name)) return agent;
  const chosen = await agentFor(pool, phase, unit.agent.name);
  return chosen.ok ? chosen.value : agent;
}

/** What follows an agent's end: its work is committed, its report decides where the unit goes. */
export async function afterCall(pool: PoolRuntime, chunk: string, phase: AgentPhase, place: UnitPlace, base: string, call: PhaseCall, signal: AbortSignal): Promise<'on' | UnitPhase | null> {
  const unit = pool.units.live.get(chunk);
  if (unit === undefined) return null;
  const { result, report } = call;
  const usage = { input_tokens: unit.usage.input_tokens + result.usage.input_tokens, output_tokens: unit.usage.output_tokens + result.usage.output_tokens, cost_usd: unit.usage.cost_usd === null && result.usage.cost_usd === null ? null : (unit.usage.cost_usd ?? 0) + (result.usage.cost_usd ?? 0) };
  const session = result.session_id === null ? null : { id: result.session_id, agent: call.attempt.agent.name, phase, used: result.usage };
  await pool.units.note(chunk, { usage, session, question: null }, 'unit.usage');
  // Cut short from outside: what the next start or the cancellation does with it is not decided here.
  if (signal.aborted) return null;
  // An update from the target that we began is finished by us; any other half-done merge is the agent's fault.
  const unresolved = await finishUpdate(pool, unit, place);
  if (unresolved !== null) {
    await needsPerson(pool, chunk, 'MERGE_CONFLICT', unresolved);
    return null;
  }
  const target = await resolveCommit(pool.repository.git, `refs/heads/${pool.target}`);
  const ended = heldBy(call, concludePhase(phase, result, report));
  const work = await commitWork(place, { ...unit, phase, agent: call.attempt.agent }, base, target ?? base, unitSettings(pool, place), `${chunk}: ${phase.toLowerCase()}`);
  if (work.failure !== null) {
    await keepBase(pool, unit, base, work.failure);
    await needsPerson(pool, chunk, 'VALIDATION', work.failure.message);
    return null;
  }
  for (const { path, reason } of work.skipped) pool.log.warn(`not committed: ${reason}`, { chunk, path });
  void pool.verdicts.refresh(chunk);
  return await proceed(pool, unit, phase, ended);
}

/** A question without an answer weighs more than what the agent made of its end. One that was answered too late for it is answered now. */
function heldBy({ open, result }: PhaseCall, ended: PhaseEnd): PhaseEnd {
  if (open === null || result.usage_limit !== null || ended.kind === 'failed') return ended;
  return open.answer === null ? { kind: 'question', question: open.question, options: open.options } : { kind: 'answered', question: open.question, answer: open.answer };
}

/** A branch that lost its commits keeps them under a backup ref. */
async function keepBase(pool: PoolRuntime, unit: Unit, base: string, failure: Failure): Promise<void> {
  if (failure.code === 'history_rewritten' || failure.code === 'branch_changed') await backupRef(pool.repository.git, unit.chunk, base);
}

async function proceed(pool: PoolRuntime, unit: Unit, phase: AgentPhase, ended: PhaseEnd): Promise<'on' | UnitPhase | null> {
  const { chunk } = unit;
  switch (ended.kind) {
    case 'done':
      // The answer has done its work; so have the notes, once they were worked on.
      await pool.units.note(chunk, { answer: null, errors: 0, ...(phase === 'IMPLEMENT' ? { notes: [] } : {}) }, 'unit.phase_done');
      return 'on';
    case 'feedback': {
      const rounds = unit.review_rounds + 1;
      if (rounds > MAX_REVIEW_ROUNDS) {
        await needsPerson(pool, chunk, 'REVIEW_ESCALATED', `The reviewer is not content after ${MAX_REVIEW_ROUNDS} rounds: ${ended.notes.join(' ')}`);
        return null;
      }
      await pool.units.note(chunk, { review_rounds: rounds, notes: [...ended.notes], answer: null }, 'unit.feedback');
      return 'IMPLEMENT';
    }
    case 'escalated':
      await needsPerson(pool, chunk, 'REVIEW_ESCALATED', ended.reason);
      return null;
    case 'question':
      await needsPerson(pool, chunk, 'QUESTION', `Its agent asks: ${ended.question}`, { question: ended.question, options: ended.options === null ? null : [...ended.options] });
      return null;
    case 'answered':
      await pool.units.change(chunk, { event: 'requeue', payload: { phase, why: 'its question was answered', not_before: null } }, { answer: { question: ended.question, text: ended.answer } });
      pool.wake();
      return null;
    case 'failed':
      await pool.units.change(chunk, { event: 'fail', payload: { code: ended.failure.code, message: ended.failure.message } });
      return null;
    case 'unfit':
      await needsPerson(pool, chunk, 'VALIDATION', ended.failure.message);
      return null;
    case 'usage_limit':
      return await atLimit(pool, unit, phase, ended);
    case 'agent_error':
      return await afterError(pool, unit, phase, ended);
  }
}

async function atLimit(pool: PoolRuntime, unit: Unit, phase: AgentPhase, ended: Extract<PhaseEnd, { kind: 'usage_limit' }>): Promise<null> {
  const { chunk } = unit;
  const { limits, agent } = pool.config();
  const now = pool.clock.now();
  const reached = { agent: unit.agent.name, resets_at: ended.resets_at === null ? null : new Date(ended.resets_at), session_id: unit.session?.id ?? null, waited: false, spent: [unit.agent.name] };
  const decision = decideLimit(reached, { on_usage_limit: limits.on_usage_limit, max_limit_wait: limits.max_limit_wait ?? null, fallback: agent.fallback }, now);
  if (decision.act === 'fail') await needsPerson(pool, chunk, 'BUDGET', decision.failure.message);
  else if (decision.act === 'wait') await pool.units.change(chunk, { event: 'requeue', payload: { phase, why: `${unit.agent.name} has come to its usage limit`, not_before: decision.until.toISOString() } });
  else {
    const next = await agentFor(pool, phase, decision.agent);
    if (!next.ok) await needsPerson(pool, chunk, 'AGENT_ERROR', next.failure.message);
    else await pool.units.change(chunk, { event: 'requeue', payload: { phase, why: `${unit.agent.name} has come to its usage limit; ${decision.agent} goes on`, not_before: null } }, { agent: { name: next.value.name, kind: next.value.kind }, session: null });
  }
  pool.wake();
  return null;
}

async function afterError(pool: PoolRuntime, unit: Unit, phase: AgentPhase, ended: Extract<PhaseEnd, { kind: 'agent_error' }>): Promise<null> {
  const { chunk, errors } = unit;
  const wait = BACKOFF_MS[errors];
  if (!ended.passing) await needsPerson(pool, chunk, 'AGENT_ERROR', ended.failure.message);
  else if (wait === undefined) await needsPerson(pool, chunk, 'RETRY_EXHAUSTED', `After ${errors + 1} tries: ${ended.failure.message}`);
  else await pool.units.change(chunk, { event: 'requeue', payload: { phase, why: ended.failure.message, not_before: new Date(pool.clock.now().getTime() + wait).toISOString() } }, { errors: errors + 1 });
  pool.wake();
  return null;
}
