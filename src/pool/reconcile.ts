import { isAncestor, resolveCommit } from '../git/history.ts';
import type { AgentResult } from '../agents/contract.ts';
import { openAttempts, endAttempt } from './attempts.ts';
import type { Attempt } from './attempts.ts';
import { endMerge, preparedMerges } from './merges.ts';
import { completeUnit, tidyUp } from './merge-queue.ts';
import { readReport } from './phase-call.ts';
import type { PoolRuntime } from './runtime.ts';
import { afterCall, phasesOf } from './work.ts';
import { openUnitPlace, poolWorktrees } from './worktrees.ts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const NOTHING_USED = { input_tokens: 0, output_tokens: 0, cost_usd: null };

/**
 * Joins what the store says with what git and the processes are, after whatever ended the daemon before: agents that are
 * left are ended, their finished work is counted, half-done merges are finished or forgotten, and every unit that was at
 * work is back in line. To be called before anything starts.
 */
export async function reconcile(pool: PoolRuntime): Promise<void> {
  await endLeftAgents(pool);
  await finishMerges(pool);
  for (const unit of pool.units.live.values()) {
    if (unit.status === 'ASSIGNED' || (unit.status === 'RUNNING' && unit.phase !== 'MERGE')) {
      await pool.units.change(unit.chunk, { event: 'requeue', payload: { phase: unit.phase, why: 'the daemon was ended while it was at work', not_before: null } });
    }
  }
  await clearWorktrees(pool);
}

async function endLeftAgents(pool: PoolRuntime): Promise<void> {
  for (const attempt of await openAttempts(pool.store)) {
    const left = await pool.agents.left({ kind: attempt.agent.kind, name: attempt.agent.name, scratch: attempt.scratch, events: attempt.transcript, from: 0, turn_id: attempt.id, workspace: attempt.workspace });
    await pool.agents.endLeft({ scratch: attempt.scratch, turn_id: attempt.id });
    if (left.state === 'finished') await countFinished(pool, attempt, left.result);
    else {
      await endAttempt(pool.store, { ...attempt, ended_at: pool.clock.now().toISOString(), usage: NOTHING_USED, failure: { code: 'daemon_ended', message: 'The daemon was ended while it ran.' } });
      const unit = pool.units.live.get(attempt.chunk);
      const session_id = await pool.agents.sessionOf(attempt.transcript);
      if (unit !== undefined && unit.phase === attempt.phase && session_id !== null) {
        await pool.units.note(unit.chunk, { session: { id: session_id, agent: attempt.agent.name, phase: attempt.phase, used: NOTHING_USED } }, 'unit.session');
      }
    }
    pool.log.info('an attempt was left', { chunk: attempt.chunk, attempt: attempt.id, state: left.state });
  }
}

/** An agent that outlived the daemon and came to its own end: its work counts as if we had been there. */
async function countFinished(pool: PoolRuntime, attempt: Attempt, result: AgentResult): Promise<void> {
  const report = readReport(attempt.outcome, []);
  const ended = { ...attempt, ended_at: pool.clock.now().toISOString(), exit_code: result.exit_code, usage: result.usage, failure: result.failure === null ? null : { code: result.failure.code, message: result.failure.message } };
  const unit = pool.units.live.get(attempt.chunk);
  const place = unit === undefined ? null : await openUnitPlace(pool, unit.chunk);
  if (unit !== undefined && unit.status === 'RUNNING' && unit.phase === attempt.phase && attempt.phase !== 'MERGE' && place !== null) {
    const next = await afterCall(pool, unit.chunk, attempt.phase, place, attempt.base, { result, report, attempt: ended }, new AbortController().signal);
    if (next !== null) {
      const file = join(place.workspace, 'plans', unit.chunk, 'PLAN.md');
      const phases = phasesOf(pool, existsSync(file) ? readFileSync(file, 'utf8') : null);
      const phase = next === 'on' ? (phases[phases.indexOf(attempt.phase) + 1] ?? 'MERGE') : next;
      await pool.units.change(unit.chunk, { event: 'requeue', payload: { phase, why: 'its agent came to its end while no daemon ran', not_before: null } }, { session: null });
    }
  }
  await endAttempt(pool.store, ended);
}

async function finishMerges(pool: PoolRuntime): Promise<void> {
  const { git } = pool.repository;
  const target = await resolveCommit(git, `refs/heads/${pool.target}`);
  for (const merge of await preparedMerges(pool.store)) {
    const landed = target !== null && merge.target === pool.target && (await isAncestor(git, merge.commit, target).catch(() => false));
    await endMerge(pool.store, merge, landed ? 'landed' : 'dropped', pool.clock.now().toISOString());
    const unit = pool.units.live.get(merge.chunk);
    if (landed && unit?.status === 'RUNNING' && unit.phase === 'MERGE') await completeUnit(pool, unit, merge.tip, merge.commit);
  }
}

/** Worktrees of units that are merged go; all others stay, whoever they belong to. */
async function clearWorktrees(pool: PoolRuntime): Promise<void> {
  for (const { chunk } of await poolWorktrees(pool.repository, pool.workspace)) {
    if (chunk.startsWith('.') || pool.units.live.has(chunk)) continue;
    const unit = await pool.units.find(chunk);
    if (unit?.status !== 'COMPLETED') continue;
    const tip = await resolveCommit(pool.repository.git, `refs/heads/${unit.branch}`);
    if (tip !== null && unit.merged_as !== null && (await isAncestor(pool.repository.git, tip, unit.merged_as))) await tidyUp(pool, unit, tip);
  }
}
