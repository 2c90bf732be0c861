import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AGING_MS, RESERVE_MS, blockedBehind, chainLengths, schedule } from './scheduler.ts';
import type { Exclusion, Schedulable, SchedulerInput } from './scheduler.ts';

const NOW = 1_000_000_000_000;

const unit = (chunk: string, facts: Partial<Schedulable> = {}): Schedulable => ({ chunk, status: 'READY', phase: null, priority: 0, claim: false, depends_on: null, agent: { name: 'stub', kind: 'command' }, waits: [], created: NOW, not_before: null, ...facts });

const excluding = (pairs: readonly (readonly [string, string])[], asks: readonly (readonly [string, string])[] = []): Exclusion => {
  const same = (list: readonly (readonly [string, string])[], a: string, b: string): boolean => list.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
  return { against: (chunk) => [...pairs, ...asks].filter((pair) => pair.includes(chunk)).map(([x, y]) => (x === chunk ? y : x)), asks: (a, b) => same(asks, a, b) };
};

const input = (units: readonly Schedulable[], more: Partial<SchedulerInput> = {}): SchedulerInput => ({ units, isDone: () => false, exclusion: excluding([]), slots: { total: 4, of: {}, paused: {} }, now: NOW, ...more });

describe('schedule', () => {
  test('conflicting units do not start together, not even in one tick', () => {
    const made = schedule(input([unit('a'), unit('b'), unit('c')], { exclusion: excluding([['a', 'b'], ['b', 'c'], ['a', 'c']]) }));
    expect(made.assign).toEqual(['a']);
    expect(made.waits.get('b')).toEqual([{ on: 'conflict', chunk: 'a' }]);
  });

  test('a claim is held between phases, in attention and while merging', () => {
    for (const status of ['READY', 'NEEDS_ATTENTION', 'RUNNING'] as const) {
      const made = schedule(input([unit('a', { status, phase: 'MERGE', claim: true, not_before: NOW + 1 }), unit('b')], { exclusion: excluding([['a', 'b']]) }));
      expect(made.assign).toEqual([]);
    }
  });

  test('one that waits takes no candidate\'s place', () => {
    const waiting = [unit('a', { not_before: NOW + 5000, priority: 9 }), unit('b', { depends_on: ['x'], priority: 9 })];
    const made = schedule(input([...waiting, unit('c')], { slots: { total: 1, of: {}, paused: {} } }));
    expect(made.assign).toEqual(['c']);
    expect(made.wake).toBe(NOW + 5000);
  });

  test('the longer chain first, then priority, then age', () => {
    const units = [unit('low'), unit('high', { priority: 5 }), unit('old', { created: NOW - 1 }), unit('root'), unit('leaf', { depends_on: ['root'] })];
    expect(schedule(input(units)).assign).toEqual(['root', 'high', 'old', 'low']);
  });

  test('waiting raises rank, over any priority in the end', () => {
    const units = [unit('high', { priority: 3 }), unit('old', { created: NOW - 4 * AGING_MS })];
    expect(schedule(input(units, { slots: { total: 1, of: {}, paused: {} } })).assign).toEqual(['old']);
  });

  test('one that waited long for conflicting ones is not overtaken by yet another of them', () => {
    const units = [unit('busy', { status: 'RUNNING', phase: 'IMPLEMENT', claim: true }), unit('patient', { status: 'BLOCKED', created: NOW - RESERVE_MS }), unit('fresh', { priority: 1 })];
    const made = schedule(input(units, { exclusion: excluding([['busy', 'patient'], ['patient', 'fresh']]) }));
    expect(made.assign).toEqual([]);
    expect(made.waits.get('fresh')).toEqual([{ on: 'conflict', chunk: 'patient' }]);
  });

  test('slots by name and kind; an agent that is paused waits for the clock', () => {
    const claude = { name: 'claude', kind: 'claude' };
    const units = [unit('a', { agent: claude }), unit('b', { agent: claude }), unit('c')];
    expect(schedule(input(units, { slots: { total: 4, of: { claude: 1 }, paused: {} } })).assign).toEqual(['a', 'c']);
    expect(schedule(input(units, { slots: { total: 4, of: {}, paused: { claude: NOW + 7 } } }))).toMatchObject({ assign: ['c'], wake: NOW + 7 });
  });

  test('with on_ask: ask, a possible conflict with one at work is asked about; nothing is started meanwhile', () => {
    const made = schedule(input([unit('a', { status: 'RUNNING', phase: 'IMPLEMENT', claim: true }), unit('b')], { exclusion: excluding([], [['a', 'b']]) }));
    expect(made.assign).toEqual([]);
    expect([...made.ask]).toEqual([['b', ['a']]]);
  });

  test('what is done clears a dependency; what failed does not', () => {
    const units = [unit('b', { status: 'BLOCKED', depends_on: ['a'], waits: [{ on: 'dependency', chunk: 'a' }] })];
    expect(schedule(input(units, { isDone: (chunk) => chunk === 'a' }))).toMatchObject({ assign: ['b'] });
    expect(schedule(input(units)).assign).toEqual([]);
  });

  test('an operator\'s block outlasts everything else', () => {
    const units = [unit('a', { status: 'BLOCKED', waits: [{ on: 'operator', chunk: null }] })];
    expect(schedule(input(units)).waits.get('a')).toEqual([{ on: 'operator', chunk: null }]);
  });
});

/** Worlds of up to twelve units with conflicts, dependencies, priorities, ages and units at work. */
const names = Array.from({ length: 12 }, (_, index) => `u${index}`);
const worlds = fc.record({
  units: fc.uniqueArray(
    fc.record({ chunk: fc.constantFrom(...names), status: fc.constantFrom<Schedulable['status']>('READY', 'BLOCKED', 'RUNNING', 'NEEDS_ATTENTION', 'ASSIGNED'), priority: fc.integer({ min: -3, max: 3 }), age: fc.integer({ min: 0, max: 5 * AGING_MS }), after: fc.option(fc.array(fc.constantFrom(...names), { maxLength: 2 })) }),
    { selector: (each) => each.chunk },
  ),
  pairs: fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)).filter(([a, b]) => a !== b), { maxLength: 15 }),
  total: fc.integer({ min: 0, max: 5 }),
});
type World = typeof worlds extends fc.Arbitrary<infer W> ? W : never;

const inputOf = ({ units, pairs, total }: World): SchedulerInput => ({
  ...input(units.map((each) => unit(each.chunk, { status: each.status, phase: each.status === 'RUNNING' ? 'IMPLEMENT' : null, claim: each.status === 'RUNNING' || each.status === 'ASSIGNED' || each.status === 'NEEDS_ATTENTION', priority: each.priority, created: NOW - each.age, depends_on: each.after }))),
  exclusion: excluding(pairs),
  slots: { total, of: {}, paused: {} },
});

describe('properties', () => {
  test('exclusion: no two that exclude each other have claims that were taken now', () => {
    fc.assert(fc.property(worlds, (world) => {
      const { assign } = schedule(inputOf(world));
      const holders = new Set([...assign, ...world.units.filter((each) => ['RUNNING', 'ASSIGNED', 'NEEDS_ATTENTION'].includes(each.status)).map((each) => each.chunk)]);
      for (const [a, b] of world.pairs) if (assign.includes(a) || assign.includes(b)) expect(holders.has(a) && holders.has(b)).toBe(false);
    }));
  });

  test('slots: never more at work than allowed; nobody who waits is started', () => {
    fc.assert(fc.property(worlds, (world) => {
      const made = schedule(inputOf(world));
      const busy = world.units.filter((each) => each.status === 'RUNNING' || each.status === 'ASSIGNED').length;
      expect(made.assign.length).toBeLessThanOrEqual(Math.max(0, world.total - busy));
      for (const chunk of made.assign) expect(made.waits.has(chunk)).toBe(false);
    }));
  });

  test('determinism: the order in which units are given does not matter', () => {
    fc.assert(fc.property(worlds, (world) => {
      const one = schedule(inputOf(world));
      const other = schedule(inputOf({ ...world, units: world.units.toReversed(), pairs: world.pairs.toReversed() }));
      expect(other.assign).toEqual(one.assign);
    }));
  });

  test('priority: of two free ones alike in all else the higher starts first', () => {
    fc.assert(fc.property(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }), (p, q) => {
      fc.pre(p !== q);
      expect(schedule(input([unit('a', { priority: p }), unit('b', { priority: q })], { slots: { total: 1, of: {}, paused: {} } })).assign).toEqual([p > q ? 'a' : 'b']);
    }));
  });

  test('no starvation: whatever comes after it, every unit is started in the end', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 }), fc.boolean(), (priorities, conflicts) => {
      // One slot, or a conflict with everyone; each round one unit is done, and a more important one comes in its place.
      let now = NOW;
      let count = 0;
      let started = false;
      let present = [unit('poor', { priority: 0 }), ...priorities.map((priority) => unit(`n${count++}`, { priority }))];
      for (let round = 0; round < 200 && !started; round++) {
        now += AGING_MS / 4;
        const exclusion: Exclusion = conflicts ? { against: (chunk) => (chunk === 'poor' ? present.map((each) => each.chunk).filter((each) => each !== 'poor') : ['poor']), asks: () => false } : excluding([]);
        const { assign } = schedule(input(present, { now, exclusion, slots: { total: conflicts ? 2 : 1, of: {}, paused: {} } }));
        started = assign.includes('poor');
        present = [...present.filter((each) => !assign.includes(each.chunk)), ...assign.map(() => unit(`n${count++}`, { priority: 9, created: now }))];
      }
      expect(started).toBe(true);
    }));
  });
});

describe('chains', () => {
  test('length of the longest line behind a unit; a circle does not hang', () => {
    const units = [unit('a'), unit('b', { depends_on: ['a'] }), unit('c', { depends_on: ['b'] }), unit('d', { depends_on: ['a'] }), unit('x', { depends_on: ['y'] }), unit('y', { depends_on: ['x'] })];
    expect(Object.fromEntries([...chainLengths(units)].filter(([chunk]) => 'abcd'.includes(chunk)))).toEqual({ a: 2, b: 1, c: 0, d: 0 });
    const many = Array.from({ length: 20_000 }, (_, index) => unit(`n${index}`, { depends_on: index === 0 ? null : [`n${index - 1}`] }));
    expect(chainLengths(many).get('n0')).toBe(19_999);
  });

  test('all that waits behind a unit, transitively', () => {
    const units = [unit('a'), unit('b', { waits: [{ on: 'dependency', chunk: 'a' }] }), unit('c', { waits: [{ on: 'conflict', chunk: 'b' }] })];
    expect(blockedBehind(units).get('a')).toEqual(['b', 'c']);
  });
});
