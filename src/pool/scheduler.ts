import { bestFirst } from '../base/best-first.ts';
import { holdsSlot } from './unit.ts';
import type { Unit, Wait } from './unit.ts';

/**
 * Which units start now, and what the others wait for. Pure: the same units, verdicts, slots and clock give the same
 * decisions. Filter, then rank, then limit, so that a unit that waits takes no candidate's place.
 */

/** Of a unit, what scheduling goes by. */
export type Schedulable = Pick<Unit, 'chunk' | 'status' | 'phase' | 'priority' | 'claim' | 'depends_on' | 'agent' | 'waits'> & {
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly not_before: number | null;
};

/** Which units may not be at work together. */
export interface Exclusion {
  /** Chunks that exclude this one, be they live or not. */
  against(chunk: string): Iterable<string>;
  /** The pair waits for an operator's verdict instead of for each other's end. */
  asks(a: string, b: string): boolean;
}

export interface Slots {
  /** Agents that may be at work at the same time. */
  readonly total: number;
  /** The same by an agent's name (an account) or kind. */
  readonly of: Readonly<Record<string, number>>;
  /** Agents that must not be called before a time, by name. Milliseconds since the epoch. */
  readonly paused: Readonly<Record<string, number>>;
}

export interface SchedulerInput {
  /** Live units. */
  readonly units: readonly Schedulable[];
  /** Whether a chunk that is no live unit is done: in the target, so that what depends on it may start. */
  readonly isDone: (chunk: string) => boolean;
  readonly exclusion: Exclusion;
  readonly slots: Slots;
  readonly now: number;
}

export interface Decisions {
  /** Chunks to assign, in order. */
  readonly assign: readonly string[];
  /** READY, PENDING and BLOCKED units that must wait for others, with all that they wait for. */
  readonly waits: ReadonlyMap<string, readonly Wait[]>;
  /** BLOCKED units that wait for nobody any more. */
  readonly clear: readonly string[];
  /** READY units that may not start before an operator's verdict, with those that they conflict with. */
  readonly ask: ReadonlyMap<string, readonly string[]>;
  /** When something that waits for the clock alone can start; null for never. Milliseconds since the epoch. */
  readonly wake: number | null;
}

/** Each so long that a unit waits lifts it by one, over chain and priority. Milliseconds. */
export const AGING_MS = 10 * 60_000;

/** A unit that has waited so long for conflicting ones keeps those below it from starting before it. Milliseconds. */
export const RESERVE_MS = 2 * AGING_MS;

export function schedule(input: SchedulerInput): Decisions {
  const { units, exclusion, slots, now } = input;
  const byChunk = new Map(units.map((unit) => [unit.chunk, unit]));
  const holders = new Set(units.filter((unit) => unit.claim).map((unit) => unit.chunk));
  const usage = countSlots(units);
  const waits = new Map<string, readonly Wait[]>();
  const ask = new Map<string, readonly string[]>();
  const clear: string[] = [];
  const candidates: Schedulable[] = [];
  let wake: number | null = null;
  const wakeAt = (at: number): void => void (wake = wake === null || at < wake ? at : wake);

  // Filter.
  for (const unit of units) {
    if (unit.status !== 'READY' && unit.status !== 'BLOCKED') continue;
    // Of thousands of units most wait for nothing: for those nothing is made.
    const found: Wait[] = unit.waits.length === 0 ? [] : unit.waits.filter((wait) => wait.on === 'operator');
    for (const chunk of unit.depends_on ?? []) {
      if (chunk !== unit.chunk && (byChunk.has(chunk) || !input.isDone(chunk))) found.push({ on: 'dependency', chunk });
    }
    let asked: string[] | null = null;
    // Who has its claim already is past the conflict.
    if (!unit.claim) {
      for (const other of exclusion.against(unit.chunk)) {
        if (!holders.has(other)) continue;
        if (exclusion.asks(unit.chunk, other)) (asked ??= []).push(other);
        else found.push({ on: 'conflict', chunk: other });
      }
    }
    if (found.length > 0) {
      waits.set(unit.chunk, found);
      continue;
    }
    if (asked !== null) {
      if (unit.status === 'BLOCKED') clear.push(unit.chunk);
      ask.set(unit.chunk, asked);
      continue;
    }
    if (unit.status === 'BLOCKED') clear.push(unit.chunk);
    const paused = Math.max(unit.not_before ?? 0, slots.paused[unit.agent.name] ?? 0);
    if (paused > now) {
      wakeAt(paused);
      continue;
    }
    candidates.push(unit);
  }
  if (candidates.length === 0) return { assign: [], waits, ask, clear, wake };

  // Rank. Without a free slot nobody starts, and nothing needs an order.
  const free = slots.total - usage.total;
  if (free <= 0) return { assign: [], waits, ask, clear, wake };
  const rank = ranking(units, now);
  const waiting = units.filter((unit) => now - unit.created >= RESERVE_MS && (waits.get(unit.chunk)?.every((wait) => wait.on === 'conflict') ?? false));
  const line = bestFirst([...candidates, ...waiting].map((unit) => ({ unit, key: rank(unit) })), (a, b) => compare(a.key, b.key) < 0);

  // Limit. Claims are taken here, before anything starts.
  const assign: string[] = [];
  const reserved = new Set<string>();
  for (const { unit } of line) {
    if (waits.has(unit.chunk)) {
      reserved.add(unit.chunk);
      continue;
    }
    const against = unit.claim ? [] : [...exclusion.against(unit.chunk)];
    const before = against.filter((other) => holders.has(other));
    if (before.length > 0) {
      const asked = before.filter((other) => exclusion.asks(unit.chunk, other));
      if (asked.length === before.length) ask.set(unit.chunk, asked);
      else waits.set(unit.chunk, before.filter((other) => !asked.includes(other)).map((chunk) => ({ on: 'conflict', chunk })));
      continue;
    }
    if (against.some((other) => reserved.has(other))) {
      waits.set(unit.chunk, against.filter((other) => reserved.has(other)).map((chunk) => ({ on: 'conflict', chunk })));
      continue;
    }
    if (assign.length >= free || !usage.fits(unit, slots.of)) {
      // One that waits for a slot of its own kind holds nobody of another back.
      if (assign.length >= free) break;
      continue;
    }
    usage.add(unit);
    holders.add(unit.chunk);
    assign.push(unit.chunk);
  }
  return { assign, waits, ask, clear: clear.filter((chunk) => !waits.has(chunk)), wake };
}

function countSlots(units: readonly Schedulable[]) {
  const used = new Map<string, number>();
  let total = 0;
  const names = ({ agent }: Schedulable): string[] => [...new Set([agent.name, agent.kind])];
  const add = (unit: Schedulable): void => {
    total += 1;
    for (const name of names(unit)) used.set(name, (used.get(name) ?? 0) + 1);
  };
  for (const unit of units) if (holdsSlot(unit)) add(unit);
  return {
    total,
    add,
    fits: (unit: Schedulable, of: Slots['of']): boolean => names(unit).every((name) => (used.get(name) ?? 0) < (of[name] ?? Infinity)),
  };
}

type Key = readonly [lift: number, priority: number, created: number, chunk: string];

/** Earlier in line first: longer chain, higher priority, older, and by name where all is the same. */
const compare = (a: Key, b: Key): number => b[0] - a[0] || b[1] - a[1] || a[2] - b[2] || (a[3] < b[3] ? -1 : 1);

function ranking(units: readonly Schedulable[], now: number): (unit: Schedulable) => Key {
  const chain = chainLengths(units);
  return (unit) => {
    const lift = Math.floor(Math.max(0, now - unit.created) / AGING_MS);
    // A unit that was at work already goes first: its claim keeps others waiting.
    return [(chain.get(unit.chunk) ?? 0) + lift + (unit.claim ? 1_000_000 : 0), unit.priority + lift, unit.created, unit.chunk];
  };
}

/** For each unit the length of the longest chain of live units that wait for it, transitively. A cycle counts once. */
export function chainLengths(units: readonly Pick<Schedulable, 'chunk' | 'depends_on'>[]): ReadonlyMap<string, number> {
  const dependents = new Map<string, string[]>();
  for (const unit of units) {
    for (const chunk of unit.depends_on ?? []) {
      const list = dependents.get(chunk);
      if (list === undefined) dependents.set(chunk, [unit.chunk]);
      else list.push(unit.chunk);
    }
  }
  const lengths = new Map<string, number>();
  // Depth first without recursion: chains may be as long as there are units.
  for (const [start, direct] of dependents) {
    // Most chains are one long.
    if (!direct.some((chunk) => dependents.has(chunk))) {
      lengths.set(start, 1);
      continue;
    }
    const stack = [{ chunk: start, next: 0 }];
    const open = new Set([start]);
    while (stack.length > 0) {
      const top = stack.at(-1);
      if (top === undefined || lengths.has(top.chunk)) {
        stack.pop();
        continue;
      }
      const children = dependents.get(top.chunk) ?? [];
      const child = children[top.next++];
      if (child === undefined) {
        lengths.set(top.chunk, Math.max(0, ...children.map((each) => (lengths.get(each) ?? 0) + 1)));
        open.delete(top.chunk);
        stack.pop();
      } else if (!lengths.has(child) && !open.has(child)) {
        open.add(child);
        stack.push({ chunk: child, next: 0 });
      }
    }
  }
  return lengths;
}

/** How many units wait for each, transitively, by dependency or conflict: what a person holds up by not answering. */
export function blockedBehind(units: readonly Pick<Schedulable, 'chunk' | 'waits'>[]): ReadonlyMap<string, readonly string[]> {
  const behind = new Map<string, string[]>();
  for (const unit of units) {
    for (const { chunk } of unit.waits) if (chunk !== null) behind.set(chunk, [...(behind.get(chunk) ?? []), unit.chunk]);
  }
  const all = new Map<string, readonly string[]>();
  for (const chunk of behind.keys()) {
    const found = new Set<string>();
    const open = [chunk];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const next of behind.get(at) ?? []) {
        if (found.has(next) || next === chunk) continue;
        found.add(next);
        open.push(next);
      }
    }
    all.set(chunk, [...found].toSorted());
  }
  return all;
}
