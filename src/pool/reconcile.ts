import { setTimeout as delay } from 'node:timers/promises';
import type { AgentResult, Agents, LeftAttempt } from '../agents/contract.ts';
import { branchTip } from '../git/head.ts';
import { isAncestor } from '../git/history.ts';
import { placesOf } from '../loop/contract.ts';
import { endMarked, markedProcesses } from '../process/group.ts';
import type { Store } from '../store/store.ts';
import { afterCall } from './after-call.ts';
import { endAttempt, openAttempts } from './attempts.ts';
import type { Attempt } from './attempts.ts';
import { takeOpenQuestion } from './live-questions.ts';
import { completeUnit, tidyUp } from './merge-queue.ts';
import { endMerge, preparedMerges } from './merges.ts';
import { readReport } from './phase-call.ts';
import { nextPhase, phasesIn } from './phases.ts';
import type { PoolRuntime } from './runtime.ts';
import { holdsSlot, isMerging } from './unit.ts';
import { openUnitPlace, poolWorktrees } from './worktrees.ts';

const NOTHING_USED = { input_tokens: 0, output_tokens: 0, cost_usd: null };

/**
 * Joins what the store says with what git and the processes are, after whatever ended the daemon before: the finished work
 * of agents that were left is counted, half-done merges are finished or forgotten, and every unit that was at
 * work is back in line. To be called before anything starts.
 */
export async function reconcile(pool: PoolRuntime, left: readonly LeftAgent[]): Promise<void> {
  for (const { attempt, state } of left) {
    if (state.state === 'finished') await countFinished(pool, attempt, state.result);
    else await noteCut(pool, attempt);
    pool.log.info('an attempt was left', { chunk: attempt.chunk, attempt: attempt.id, state: state.state });
  }
  await finishMerges(pool);
  for (const unit of pool.units.live.values()) {
    if (holdsSlot(unit)) {
      await pool.units.change(unit.chunk, { event: 'requeue', payload: { phase: unit.phase, why: 'the daemon was ended while it was at work', not_before: null } }, { question: null });
    }
  }
  await clearWorktrees(pool);
}

/** An attempt whose end nobody wrote down, and how it stood. */
export interface LeftAgent {
  readonly attempt: Attempt;
  readonly state: LeftAttempt;
}

/** Ends every process that a daemon of this workspace left: agents first, then what is left of git and gates. To be called before any is started. */
export async function endLeftProcesses(store: Store, agents: Agents, workspace: string): Promise<readonly LeftAgent[]> {
  const found: LeftAgent[] = [];
  for (const attempt of await openAttempts(store)) {
    const state = await agents.left({ kind: attempt.agent.kind, name: attempt.agent.name, scratch: attempt.scratch, events: attempt.transcript, from: 0, turn_id: attempt.id, workspace: attempt.workspace });
    await agents.endLeft({ scratch: attempt.scratch, turn_id: attempt.id });
    found.push({ attempt, state });
  }
  // A commit that was under way is let finish: cut short, it would leave git's locks.
  const until = performance.now() + GIT_MS;
  while (markedProcesses(GIT_MARK, workspace).length > 0 && performance.now() < until) await delay(20);
  await endMarked(GIT_MARK, workspace);
  return found;
}

/** Our git calls carry it, with the workspace as its value. */
export const GIT_MARK = 'ORCHESTRATOR_POOL_GIT';

/** What git of a killed daemon gets to come to its end. Milliseconds. */
const GIT_MS = 10_000;

async function noteCut(pool: PoolRuntime, attempt: Attempt): Promise<void> {
  await endAttempt(pool.store, { ...attempt, ended_at: pool.clock.now().toISOString(), usage: NOTHING_USED, failure: { code: 'daemon_ended', message: 'The daemon was ended while it ran.' } });
  const unit = pool.units.live.get(attempt.chunk);
  const session_id = await pool.agents.sessionOf(attempt.transcript);
  if (unit !== undefined && unit.phase === attempt.phase && session_id !== null) {
    await pool.units.note(unit.chunk, { session: { id: session_id, agent: attempt.agent.name, phase: attempt.phase, used: NOTHING_USED } }, 'unit.session');
  }
}

/** An agent that outlived the daemon and came to its own end: its work counts as if we had been there. */
async function countFinished(pool: PoolRuntime, attempt: Attempt, result: AgentResult): Promise<void> {
  const report = readReport(attempt.outcome, []);
  const ended = { ...attempt, ended_at: pool.clock.now().toISOString(), exit_code: result.exit_code, usage: result.usage, failure: result.failure === null ? null : { code: result.failure.code, message: result.failure.message } };
  const unit = pool.units.live.get(attempt.chunk);
  const place = unit === undefined ? null : await openUnitPlace(pool, unit.chunk);
  if (unit !== undefined && unit.status === 'RUNNING' && unit.phase === attempt.phase && attempt.phase !== 'MERGE' && place !== null) {
    const next = await afterCall(pool, unit.chunk, attempt.phase, place, attempt.base, { result, report, attempt: ended, open: takeOpenQuestion(placesOf(place.repository, place.workspace), attempt.id), overspent: null }, new AbortController().signal);
    if (next.to !== null) {
      const phase = nextPhase(phasesIn(pool, place.workspace, unit.chunk), attempt.phase, next.to);
      await pool.units.change(unit.chunk, { event: 'requeue', payload: { phase, why: 'its agent came to its end while no daemon ran', not_before: null } }, { ...next.beside, session: null });
    }
  }
  await endAttempt(pool.store, ended);
}

async function finishMerges(pool: PoolRuntime): Promise<void> {
  const { git } = pool.repository;
  const target = await branchTip(pool.repository, pool.target);
  for (const merge of await preparedMerges(pool.store)) {
    const landed = target !== null && merge.target === pool.target && (await isAncestor(git, merge.commit, target).catch(() => false));
    await endMerge(pool.store, merge, landed ? 'landed' : 'dropped', pool.clock.now().toISOString());
    const unit = pool.units.live.get(merge.chunk);
    if (landed && unit !== undefined && isMerging(unit)) await completeUnit(pool, unit, merge.tip, merge.commit);
  }
}

/** Worktrees of units that are merged go; all others stay, whoever they belong to. */
async function clearWorktrees(pool: PoolRuntime): Promise<void> {
  for (const { chunk } of await poolWorktrees(pool.repository, pool.workspace)) {
    if (chunk.startsWith('.') || pool.units.live.has(chunk)) continue;
    const unit = await pool.units.find(chunk);
    if (unit?.status !== 'COMPLETED') continue;
    const tip = await branchTip(pool.repository, unit.branch);
    if (tip !== null && unit.merged_as !== null && (await isAncestor(pool.repository.git, tip, unit.merged_as))) await tidyUp(pool, unit, tip);
  }
}
