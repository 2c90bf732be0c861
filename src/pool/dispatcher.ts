import { freemem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { crashPoint } from '../base/crash-point.ts';
import type { Failure } from '../base/failure.ts';
import { branchTip } from '../git/head.ts';
import type { DoneChunks } from './done-chunks.ts';
import { GATE_PORTS } from './gate.ts';
import type { MergeQueue } from './merge-queue.ts';
import type { PoolRuntime } from './runtime.ts';
import { schedule } from './scheduler.ts';
import type { Decisions, Schedulable, Slots } from './scheduler.ts';
import { createStandstillNote } from './standstill.ts';
import { holdsSlot, isMerging, isTerminal } from './unit.ts';
import type { Unit } from './unit.ts';
import { work } from './work.ts';

/** Starts what may start: a tick follows every change, and now and then one comes for nothing. */
export interface Dispatcher {
  /** Asks for a tick; several at once are one. */
  wake(): void;
  /** Ends a unit's agent, if one is at work, and waits until it is gone. */
  interrupt(chunk: string): Promise<void>;
  /** Ends all agents and waits. Units stay RUNNING, for the next start. */
  stop(): Promise<void>;
}

/** Between two looks for nothing. Milliseconds. */
const HEARTBEAT_MS = 15_000;
/** The same while a checkout keeps finished work from landing. Milliseconds. */
const LANDING_MS = 2000;
/** Before work that broke off is tried again. Milliseconds. */
const BROKEN_MS = 5000;
/** Ports of each unit. */
const PORTS_EACH = 20;

export function createDispatcher(pool: PoolRuntime, merges: MergeQueue, done: DoneChunks): Dispatcher {
  const working = new Map<string, { readonly controller: AbortController; readonly ended: Promise<void>; readonly place: number }>();
  let timer: NodeJS.Timeout | undefined;
  let asked = false;
  let ticking: Promise<void> = Promise.resolve();
  let landing: Promise<void> = Promise.resolve();
  let stopped = false;
  const note = createStandstillNote(pool.store);
  let overspent: Failure | null = null;

  function wake(): void {
    if (asked || stopped) return;
    asked = true;
    setImmediate(() => {
      ticking = ticking.then(async () => {
        asked = false;
        if (stopped) return;
        await tick().catch((error: unknown) => {
          pool.log.error('a tick of the scheduler broke off', { error: String(error) });
          wakeIn(BROKEN_MS);
        });
      });
    });
  }

  async function tick(): Promise<void> {
    const units = [...pool.units.live.values()];
    const now = pool.clock.now().getTime();
    const settings = pool.config().pool;
    const busy = units.filter(holdsSlot).length;
    // Short memory starts nobody, and ends nobody either.
    const short = settings.min_free_memory !== undefined && freemem() < settings.min_free_memory;
    overspent = pool.spending.overspent(pool.budgets());
    const slots: Slots = { total: short || overspent !== null ? busy : settings.max_agents, of: settings.max_agents_of, paused: pausedAgents(units) };
    await done.look(new Set(units.flatMap((unit) => (unit.depends_on ?? []).filter((chunk) => !pool.units.live.has(chunk)))));
    const decisions = schedule({ units: units.map(schedulable), isDone: done.isDone, exclusion: pool.verdicts.exclusion, slots, now });
    await note({ budget: overspent?.message ?? null, merge_waits: merges.waits() });
    await carryOut(decisions, units);
    if (units.some(isMerging)) {
      landing = landing
        .then(() => merges.run())
        .catch((error: unknown) => pool.log.error('the merge queue broke off', { error: String(error) }))
        .then(async () => {
          await note({ budget: overspent?.message ?? null, merge_waits: merges.waits() });
          if (merges.waits() !== null) wakeIn(LANDING_MS);
        });
    }
    wakeIn(Math.min(HEARTBEAT_MS, ...(decisions.wake === null ? [] : [Math.max(1, decisions.wake - now)]), ...(merges.waits() === null ? [] : [LANDING_MS])));
  }

  function wakeIn(ms: number): void {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(wake, ms).unref();
  }

  async function carryOut(decisions: Decisions, units: readonly Unit[]): Promise<void> {
    const scheduled = new Map(units.map((unit) => [unit.chunk, unit]));
    // Decided for units as they were: one that a person has changed meanwhile is looked at again.
    const asScheduled = (chunk: string): Unit | undefined => {
      const unit = pool.units.live.get(chunk);
      if (unit !== undefined && unit === scheduled.get(chunk)) return unit;
      wake();
      return undefined;
    };
    for (const chunk of decisions.assign) {
      const unit = asScheduled(chunk);
      if (unit === undefined || stopped) continue;
      if (unit.status === 'BLOCKED') await pool.units.change(chunk, { event: 'clear', payload: {} });
      // Its base is where the target is now; a unit that began already keeps its own.
      const base = unit.base ?? (await branchTip(pool.repository, pool.target));
      const assigned = await pool.units.change(chunk, { event: 'assign', payload: { agent: unit.agent } }, { base });
      if (!assigned.ok) continue;
      crashPoint('unit-assigned');
      start(chunk);
    }
    for (const chunk of decisions.clear) {
      if (!decisions.assign.includes(chunk) && asScheduled(chunk)?.status === 'BLOCKED') await pool.units.change(chunk, { event: 'clear', payload: {} });
    }
    for (const [chunk, waits] of decisions.waits) {
      const unit = asScheduled(chunk);
      if (unit === undefined || (unit.status === 'BLOCKED' && JSON.stringify(unit.waits) === JSON.stringify(waits))) continue;
      if (unit.status === 'READY' || unit.status === 'BLOCKED') await pool.units.change(chunk, { event: 'wait', payload: { waits: waits.map((wait) => ({ ...wait })) } });
    }
    for (const [chunk, others] of decisions.ask) {
      if (pool.units.live.get(chunk)?.status !== 'READY') continue;
      const reasons = others.map((other) => pool.verdicts.pair(chunk, other)?.reason ?? '').filter((text) => text !== '');
      await pool.units.change(chunk, { event: 'attention', payload: { kind: 'CONFLICT', attention_reason: `It may conflict with ${others.join(', ')}, now at work: ${reasons.join('; ')}. Say what holds (orchestrator resolve ${chunk} ${others[0] ?? ''} independent|serialize), or it waits until that is done.`, question: null } });
    }
    // A blocker's end clears a conflict that waited for a verdict; never a question.
    for (const unit of units) {
      if (unit.status !== 'NEEDS_ATTENTION' || unit.kind !== 'CONFLICT') continue;
      const holds = [...pool.verdicts.exclusion.against(unit.chunk)].some((other) => pool.units.live.get(other)?.claim === true && pool.verdicts.exclusion.asks(unit.chunk, other));
      if (!holds) await pool.units.change(unit.chunk, { event: 'resume', payload: { why: 'what it may have conflicted with is done, or was decided' } });
    }
  }

  function start(chunk: string): void {
    const controller = new AbortController();
    const places = new Set([...working.values()].map((each) => each.place));
    let place = 1;
    while (places.has(place)) place += 1;
    const before = working.get(chunk)?.ended ?? Promise.resolve();
    const ended = before
      .then(() => work(pool, chunk, { signal: controller.signal, ports: GATE_PORTS + place * PORTS_EACH }))
      .catch((error: unknown) => pool.log.error('a unit could not be worked on', { chunk, error: String(error) }))
      .then(() => putBack(chunk, controller.signal))
      .finally(() => {
        if (working.get(chunk)?.controller === controller) working.delete(chunk);
        wake();
      });
    working.set(chunk, { controller, ended, place });
  }

  /** A unit whose work broke off with nothing written (the disk was full) must not stay at work for ever: it is put back as soon as that can be written. */
  async function putBack(chunk: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const unit = pool.units.live.get(chunk);
      if (unit === undefined || !holdsSlot(unit) || stopped || signal.aborted) return;
      const not_before = new Date(pool.clock.now().getTime() + BROKEN_MS).toISOString();
      const put = await pool.units.change(chunk, { event: 'requeue', payload: { phase: unit.phase, why: 'its work broke off', not_before } }).catch(() => null);
      if (put !== null) return;
      await delay(BROKEN_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  pool.units.onChange((unit, before) => {
    if (isTerminal(unit.status)) pool.verdicts.drop(unit.chunk);
    if (before === null || unit.status !== before.status || unit.phase !== before.phase || unit.priority !== before.priority) wake();
  });

  return {
    wake,
    async interrupt(chunk) {
      const job = working.get(chunk);
      job?.controller.abort();
      await job?.ended;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await ticking;
      for (const { controller } of working.values()) controller.abort();
      await Promise.all([...working.values()].map((job) => job.ended));
      await landing;
    },
  };
}

/** Agents at their usage limit, and until when: one account is one limit, whoever met it. */
function pausedAgents(units: readonly Unit[]): Record<string, number> {
  const paused: Record<string, number> = {};
  for (const { limited, not_before } of units) {
    if (limited !== null && not_before !== null) paused[limited] = Math.max(paused[limited] ?? 0, Date.parse(not_before));
  }
  return paused;
}

/** A unit is never changed, only replaced: what was worked out of it holds. */
const known = new WeakMap<Unit, Schedulable>();

function schedulable(unit: Unit): Schedulable {
  const before = known.get(unit);
  if (before !== undefined) return before;
  const made: Schedulable = {
    chunk: unit.chunk, status: unit.status, phase: unit.phase, priority: unit.priority, claim: unit.claim, depends_on: unit.depends_on, agent: unit.agent, waits: unit.waits,
    created: Date.parse(unit.created_at), not_before: unit.not_before === null ? null : Date.parse(unit.not_before),
  };
  known.set(unit, made);
  return made;
}
