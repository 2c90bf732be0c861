import { coverOf } from './cover.ts';
import type { Cover } from './cover.ts';
import { plainPath, splitSymbol } from './facts.ts';
import type { UnitFacts } from './facts.ts';
import { filePattern, globPatterns, placePattern } from './path-pattern.ts';
import type { PathPattern } from './path-pattern.ts';

/** One path that a unit names in full. */
export interface NamedPath {
  readonly file: PathPattern;
  /** The goal or the plan names it, or covers it by a glob: the unit may still do anything there. */
  readonly declared: boolean;
  /** The branch has changed it. */
  readonly real: boolean;
  /** What is worked on in it; empty = not known, so all of it. `''` is text outside any symbol. */
  readonly symbols: ReadonlySet<string>;
  /** Those of them that are declared: whoever names a class may touch all that is in it. */
  readonly holders: ReadonlySet<string>;
}

/** Where a unit works, compiled from its facts once. */
export interface Footprint {
  readonly named: ReadonlyMap<string, NamedPath>;
  /** All that it declares, globs and plain paths; symbols' files too. */
  readonly patterns: readonly PathPattern[];
  /** Those of them that are no plain path. */
  readonly wide: readonly PathPattern[];
  /** Whether what it declares by `touches` and `Location:` covers a file. */
  readonly covers: Cover;
}

const known = new WeakMap<UnitFacts, Footprint>();

/** The footprint of one unit's facts, remembered as long as the facts object lives. */
export function footprintOf(facts: UnitFacts): Footprint {
  const before = known.get(facts);
  if (before !== undefined) return before;
  const made = compile(facts);
  known.set(facts, made);
  return made;
}

function compile(facts: UnitFacts): Footprint {
  // `./src` would match nothing in gitignore's dialect, and people write it.
  const touches = facts.touches.map((glob) => glob.replace(/^(!?)\.\//, '$1/'));
  const globs = globPatterns(touches);
  const places = facts.locations.map(plainPath).filter((path) => path !== '').map(placePattern);
  const covers = coverOf(touches, places);

  const named = new Map<string, { readonly file: PathPattern; declared: boolean; real: boolean; symbols: Set<string>; holders: Set<string> }>();
  const at = (path: string) => {
    const entry = named.get(path) ?? { file: filePattern(path), declared: false, real: false, symbols: new Set<string>(), holders: new Set<string>() };
    named.set(path, entry);
    return entry;
  };
  for (const { literal } of [...globs, ...places]) if (literal !== null && covers(filePattern(literal))) at(literal).declared = true;
  const ofSymbols: PathPattern[] = [];
  for (const { path, name } of facts.symbols.map(splitSymbol)) {
    if (path === '') continue;
    const entry = at(path);
    if (!entry.declared) ofSymbols.push(entry.file);
    entry.declared = true;
    if (name !== '') entry.holders.add(name);
    if (name !== '') entry.symbols.add(name);
  }
  for (const path of facts.changed_files.map(plainPath)) if (path !== '') at(path).real = true;
  for (const { path, name } of facts.changed_symbols.map(splitSymbol)) {
    if (path === '') continue;
    const entry = at(path);
    entry.real = true;
    entry.symbols.add(name);
  }
  for (const entry of named.values()) entry.declared ||= covers(entry.file);
  const patterns = [...globs, ...places, ...ofSymbols];
  return { named, patterns, wide: patterns.filter(({ literal }) => literal === null), covers };
}
