import { coverOf } from './cover.ts';
import type { Subsystems } from './facts.ts';
import type { Footprint } from './footprint.ts';
import { globPatterns, intersects } from './path-pattern.ts';

/**
 * The parts of the code that a person named, and how a change in one reaches others. Reach is transitive: people write
 * down direct dependencies only, as in a manifest, and a breakage two steps away is just what neither files nor git can
 * show. Each step is weaker evidence, so the number of steps is told.
 */
export interface SubsystemMap {
  /** Those that a unit works in: declared by name, or by where its paths and globs lie. */
  readonly memberships: (footprint: Footprint, declared: readonly string[]) => ReadonlySet<string>;
  /** Those that build on one, with the number of steps; itself included with 0. */
  readonly reach: (name: string) => ReadonlyMap<string, number>;
}

const known = new WeakMap<Subsystems, SubsystemMap>();

/** Compiled once for each configuration object. */
export function subsystemMap(subsystems: Subsystems): SubsystemMap {
  const before = known.get(subsystems);
  if (before !== undefined) return before;
  const made = compile(subsystems);
  known.set(subsystems, made);
  return made;
}

function compile(subsystems: Subsystems): SubsystemMap {
  const parts = Object.entries(subsystems).map(([name, { globs }]) => ({ name, covers: coverOf(globs), patterns: globPatterns(globs) }));
  const dependants = new Map<string, string[]>();
  for (const [name, { depends_on }] of Object.entries(subsystems)) for (const base of depends_on) dependants.set(base, [...(dependants.get(base) ?? []), name]);

  const reached = new Map<string, ReadonlyMap<string, number>>();
  const members = new WeakMap<Footprint, ReadonlySet<string>>();
  return {
    memberships: (footprint, declared) => {
      const before = members.get(footprint);
      if (before !== undefined) return before;
      const found = new Set(declared);
      for (const { name, covers, patterns } of parts) {
        if (found.has(name)) continue;
        const inside = [...footprint.named.values()].some(({ file }) => covers(file)) || footprint.wide.some((mine) => patterns.some((pattern) => intersects(mine, pattern)));
        if (inside) found.add(name);
      }
      members.set(footprint, found);
      return found;
    },
    reach: (name) => {
      const before = reached.get(name);
      if (before !== undefined) return before;
      const steps = new Map([[name, 0]]);
      // Maps keep the order of insertion and take what is added while they are walked: a breadth-first search, cycles and all.
      for (const [at, far] of steps) for (const next of dependants.get(at) ?? []) if (!steps.has(next)) steps.set(next, far + 1);
      reached.set(name, steps);
      return steps;
    },
  };
}
