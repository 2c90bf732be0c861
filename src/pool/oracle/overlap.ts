import type { Subsystems, UnitFacts } from './facts.ts';
import { footprintOf } from './footprint.ts';
import type { Footprint, NamedPath } from './footprint.ts';
import { intersects } from './path-pattern.ts';
import type { PathPattern } from './path-pattern.ts';
import { subsystemMap } from './subsystem-map.ts';

/** One place that two units share. */
export interface SharedPlace {
  /** A path, or the narrower of two globs. */
  readonly path: string;
  /**
   * symbol: the same symbol of it; file: the file, and of one side at least it is not known what in it; apart: the file,
   * but known and different symbols; glob: one side names it by a wildcard or a folder only.
   */
  readonly how: 'symbol' | 'file' | 'apart' | 'glob';
  /** Names shared, for `symbol`. */
  readonly symbols: readonly string[];
  /** Both branches have changed it, so that git can speak about it. */
  readonly real: boolean;
  /** At least one side declared it, so that it may go on changing there. */
  readonly declared: boolean;
}

export interface Overlap {
  readonly places: readonly SharedPlace[];
  /** Subsystems in which the two meet, and by how many steps of dependency at least; null = none. */
  readonly subsystems: { readonly names: readonly string[]; readonly steps: number } | null;
}

/** Everything two units share, by facts alone. */
export function overlapOf(a: UnitFacts, b: UnitFacts, subsystems: Subsystems): Overlap {
  return { places: sharedPlaces(footprintOf(a), footprintOf(b)), subsystems: sharedSubsystems(a, b, subsystems) };
}

function sharedPlaces(a: Footprint, b: Footprint): SharedPlace[] {
  const found = new Map<string, SharedPlace>();
  for (const [path, mine] of a.named) {
    const theirs = b.named.get(path);
    if (theirs !== undefined) found.set(path, bothName(path, mine, theirs));
  }
  const byGlob = (path: string): void => void (found.has(path) || found.set(path, { path, how: 'glob', symbols: [], real: false, declared: true }));
  for (const [one, other] of [[a, b], [b, a]] as const) {
    if (one.patterns.length > 0) for (const [path, { file }] of other.named) if (!found.has(path) && one.covers(file)) byGlob(path);
  }
  // Two plain paths are both named, and so done already.
  const meet = (mine: PathPattern, theirs: PathPattern): void => void (intersects(mine, theirs) && byGlob(nameOf(narrower(mine, theirs))));
  for (const mine of a.wide) for (const theirs of b.patterns) meet(mine, theirs);
  for (const theirs of b.wide) for (const mine of a.patterns) if (mine.literal !== null) meet(mine, theirs);
  return [...found.values()].toSorted((x, y) => (x.path < y.path ? -1 : 1));
}

function bothName(path: string, a: NamedPath, b: NamedPath): SharedPlace {
  const place = { path, real: a.real && b.real, declared: a.declared || b.declared };
  if (a.symbols.size === 0 || b.symbols.size === 0) return { ...place, how: 'file', symbols: [] };
  const symbols = new Set([...shared(a, b), ...shared(b, a)]);
  return { ...place, how: symbols.size > 0 ? 'symbol' : 'apart', symbols: [...symbols].toSorted() };
}

/**
 * Symbols of one side that are those of the other, or inside of what the other declares. Changed symbols are innermost
 * ones: that a class's own text and one of its methods changed is two places (none of 27 such files conflicted).
 */
function shared({ symbols }: NamedPath, other: NamedPath): string[] {
  return [...symbols].filter((name) => {
    if (other.symbols.has(name)) return true;
    for (let at = name.lastIndexOf('::'); at > 0; at = name.lastIndexOf('::', at - 1)) if (other.holders.has(name.slice(0, at))) return true;
    return false;
  });
}

const nameOf = ({ literal, text }: PathPattern): string => literal ?? text;

/** The one with more literal folders in front, else the longer. */
function narrower(a: PathPattern, b: PathPattern): PathPattern {
  const depth = ({ segments }: PathPattern): number => segments.findIndex((segment) => typeof segment !== 'string');
  const difference = depth(a) - depth(b) || a.text.length - b.text.length || (a.text < b.text ? 1 : -1);
  return difference > 0 ? a : b;
}

function sharedSubsystems(a: UnitFacts, b: UnitFacts, subsystems: Subsystems): Overlap['subsystems'] {
  const map = subsystemMap(subsystems);
  const [mine, theirs] = [map.memberships(footprintOf(a), a.subsystems), map.memberships(footprintOf(b), b.subsystems)];
  const found = new Map<string, number>();
  for (const [from, to] of [[mine, theirs], [theirs, mine]] as const) {
    for (const name of from) for (const [reached, steps] of map.reach(name)) if (to.has(reached)) found.set(reached, Math.min(steps, found.get(reached) ?? steps));
  }
  if (found.size === 0) return null;
  const steps = Math.min(...found.values());
  return { names: [...found].filter(([, far]) => far === steps).map(([name]) => name).toSorted(), steps };
}
