import { chunkName } from './facts.ts';
import type { Subsystems, UnitFacts } from './facts.ts';
import { footprintOf } from './footprint.ts';
import type { PathPattern } from './path-pattern.ts';
import { PathTrie } from './path-trie.ts';
import { subsystemMap } from './subsystem-map.ts';

/** Which units a unit has to be compared with, out of thousands. Names of chunks are the plain ones. */
export interface OverlapIndex {
  /** Adds a unit, or replaces what was known of it. */
  readonly put: (facts: UnitFacts) => void;
  readonly remove: (chunk: string) => void;
  /**
   * The others that share something with it, sorted. Never one too few: of all others `judgePair` finds no kind and no
   * order. One too many now and then, as `!globs` count only in judging. What git says of a merge is not asked here.
   */
  readonly candidates: (chunk: string) => string[];
}

interface Entry {
  readonly facts: UnitFacts;
  readonly patterns: readonly PathPattern[];
  readonly subsystems: ReadonlySet<string>;
  readonly after: readonly string[];
}

/** An empty index under one configuration of subsystems; another configuration needs another index. Symbols need no table: whoever shares one shares its file. */
export function createOverlapIndex({ subsystems }: { readonly subsystems: Subsystems }): OverlapIndex {
  const map = subsystemMap(subsystems);
  const entries = new Map<string, Entry>();
  const places = new PathTrie();
  const members = new Map<string, Set<string>>();
  /** Name of a chunk -> those that come after it, whether it is here or not. */
  const followers = new Map<string, Set<string>>();

  const remove = (chunk: string): void => {
    const name = chunkName(chunk);
    const entry = entries.get(name);
    if (entry === undefined) return;
    entries.delete(name);
    for (const pattern of entry.patterns) places.remove(pattern, name);
    for (const subsystem of entry.subsystems) takeOut(members, subsystem, name);
    for (const earlier of entry.after) takeOut(followers, earlier, name);
  };

  return {
    remove,
    put: (facts) => {
      const name = chunkName(facts.chunk);
      remove(name);
      const footprint = footprintOf(facts);
      const declared = new Set(footprint.patterns.flatMap(({ literal }) => literal ?? []));
      const files = [...footprint.named].flatMap(([path, { file }]) => (declared.has(path) ? [] : [file]));
      const entry: Entry = {
        facts,
        patterns: [...footprint.patterns, ...files],
        subsystems: map.memberships(footprint, facts.subsystems),
        after: [...new Set((facts.depends_on ?? []).map(chunkName))],
      };
      entries.set(name, entry);
      for (const pattern of entry.patterns) places.add(pattern, name);
      for (const subsystem of entry.subsystems) putIn(members, subsystem, name);
      for (const earlier of entry.after) putIn(followers, earlier, name);
    },
    candidates: (chunk) => {
      const name = chunkName(chunk);
      const entry = entries.get(name);
      if (entry === undefined) return [];
      const found = new Set<string>();
      for (const pattern of entry.patterns) places.collect(pattern, found);
      for (const subsystem of members.keys()) {
        if (![...entry.subsystems].some((mine) => map.reach(mine).has(subsystem) || map.reach(subsystem).has(mine))) continue;
        for (const other of members.get(subsystem) ?? []) found.add(other);
      }
      for (const earlier of entry.after) if (entries.has(earlier)) found.add(earlier);
      for (const later of followers.get(name) ?? []) found.add(later);
      found.delete(name);
      return [...found].toSorted();
    },
  };
}

function putIn(table: Map<string, Set<string>>, key: string, name: string): void {
  table.set(key, (table.get(key) ?? new Set()).add(name));
}

function takeOut(table: Map<string, Set<string>>, key: string, name: string): void {
  const set = table.get(key);
  set?.delete(name);
  if (set?.size === 0) table.delete(key);
}
