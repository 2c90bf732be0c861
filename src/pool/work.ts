import type { AgentSpec } from '../agents/contract.ts';
import { crashPoint } from '../base/crash-point.ts';
import { failureOf } from '../base/failure.ts';
import { branchTip, checkedOutCommit } from '../git/head.ts';
import { takeSnapshot } from '../loop/contract.ts';
import { STAYS, afterCall, needsPerson } from './after-call.ts';
import type { Next } from './after-call.ts';
import { keepAndClear } from './cancel.ts';
import { activate, readChunk, settle } from './goal-file.ts';
import { agentFor, callForPhase, unitSettings } from './phase-call.ts';
import type { AgentPhase } from './phase-call.ts';
import { nextPhase, phasesIn } from './phases.ts';
import type { PoolRuntime } from './runtime.ts';
import { runSetup } from './setup.ts';
import { takeBackTarget } from './target-guard.ts';
import type { Beside } from './unit-book.ts';
import type { Unit } from './unit.ts';
import { ensureWorktree } from './worktrees.ts';
import type { UnitPlace } from './worktrees.ts';

/** What the driver of a unit needs beside the pool. */
export interface WorkOptions {
  /** Aborted when the unit is cancelled or the pool stops. */
  readonly signal: AbortSignal;
  /** First of the ports that are the unit's. */
  readonly ports: number;
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

async function workThrough(pool: PoolRuntime, chunk: string, options: WorkOptions): Promise<void> {
  const current = (): Unit => {
    const unit = pool.units.live.get(chunk);
    if (unit === undefined) throw new Error(`${chunk} is worked on and not live`);
    return unit;
  };
  const first = current();
  const start = first.base;
  if (start === null) return await needsPerson(pool, chunk, 'VALIDATION', `The target branch ${pool.target} is not there.`);
  if (first.attempt === 0) await clearGround(pool, first, start);
  const made = await ensureWorktree(pool, first, start);
  crashPoint('unit-worktree');
  if (!made.ok) return await needsPerson(pool, chunk, 'VALIDATION', made.failure.message);
  const place = made.value;
  // A crash in mid-setup leaves a worktree that is there and not ready.
  if (place.fresh || first.worktree === null) {
    const problem = await runSetup(pool, place, options);
    if (options.signal.aborted) return;
    if (problem !== null) return await needsPerson(pool, chunk, 'VALIDATION', problem);
  }
  const worktree = place.repository.root;
  if (current().future) {
    const displaced = await activate(place, pool.prefix, current());
    await pool.units.note(chunk, { displaced: [...displaced] }, 'unit.activated');
  }
  const phases = phasesIn(pool, place.workspace, chunk);
  let phase = current().phase ?? phases[0] ?? 'MERGE';
  // At the merge queue's door stands who is RUNNING in MERGE: until all is settled a unit that has no phase left is ASSIGNED.
  if (phase !== 'MERGE') await pool.units.change(chunk, { event: 'start', payload: { phase } }, { worktree, attempt: first.attempt + 1 });
  let beside: Beside = {};
  while (phase !== 'MERGE') {
    const next = await playPhase(pool, current(), phase, place, options);
    if (next.to === null) return;
    ({ beside } = next);
    if (options.signal.aborted) return void (await pool.units.note(chunk, beside, 'unit.usage'));
    phase = nextPhase(phases, phase, next.to);
    if (phase !== 'MERGE') await pool.units.change(chunk, { event: 'advance', payload: { phase } }, { ...beside, session: null, attempt: current().attempt + 1 });
  }
  const unfit = await settleForMerge(pool, current(), place);
  if (unfit !== null) return await needsPerson(pool, chunk, 'VALIDATION', unfit, { beside });
  crashPoint('unit-finished');
  const event = current().status === 'ASSIGNED' ? 'start' : 'advance';
  await pool.units.change(chunk, { event, payload: { phase: 'MERGE' } }, { ...beside, worktree, session: null, notes: [] });
  pool.wake();
}

/** What an earlier unit of the same chunk, or anybody, left on the branch of one that begins is none of its work: it is kept aside. */
async function clearGround(pool: PoolRuntime, unit: Unit, start: string): Promise<void> {
  const tip = await branchTip(pool.repository, unit.branch);
  if (tip === null || tip === start) return;
  const kept = await keepAndClear(pool, unit);
  pool.log.info('its branch was there already', { chunk: unit.chunk, tip, kept });
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
async function playPhase(pool: PoolRuntime, unit: Unit, phase: AgentPhase, place: UnitPlace, options: WorkOptions): Promise<Next> {
  const { chunk } = unit;
  const declared = readChunk(place.workspace, chunk);
  const agent = await agentFor(pool, phase, declared.ok ? declared.value.agent : null);
  if (!agent.ok) {
    await needsPerson(pool, chunk, 'AGENT_ERROR', agent.failure.message);
    return STAYS;
  }
  const spec = await standIn(pool, agent.value, unit, phase);
  const base = await checkedOutCommit(place.repository);
  const target = await branchTip(pool.repository, pool.target);
  const called = await callForPhase(pool, pool.units.live.get(chunk) ?? unit, phase, place, { base, ports: options.ports, agent: spec, conflicts: pool.verdicts.told(chunk), signal: options.signal });
  if (!called.ok) {
    await needsPerson(pool, chunk, called.failure.kind === 'invalid' ? 'VALIDATION' : 'AGENT_ERROR', called.failure.message);
    return STAYS;
  }
  if (!options.signal.aborted) {
    const intruded = await takeBackTarget(pool, unit, place, target);
    if (intruded !== null) {
      await needsPerson(pool, chunk, 'VALIDATION', intruded);
      return STAYS;
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
