import { hash } from 'node:crypto';

/** What is known of one work unit, from weak to strong. Written by a person or an agent but for the last two, which git tells. */
export interface UnitFacts {
  readonly chunk: string;
  /** The weakest: decides nothing by itself. Headings and keys are alike in every goal, so likeness of texts says "maybe" of all pairs. */
  readonly goal: string;
  /** null = ask the oracle; `[]` = declared independent of all; names = comes after these, and the oracle is asked about the others. */
  readonly depends_on: readonly string[] | null;
  /** Declared globs, in the dialect of base/glob.ts. */
  readonly touches: readonly string[];
  /** Paths of the plan's `Location:` lines; a folder means what is in it. */
  readonly locations: readonly string[];
  /** Declared, as `path#Outer::inner`. */
  readonly symbols: readonly string[];
  /** Declared names. */
  readonly subsystems: readonly string[];
  /** What its branch has really changed so far. */
  readonly changed_files: readonly string[];
  /** `path#Outer::inner` really changed so far; `path#` is text of the file outside any symbol. */
  readonly changed_symbols: readonly string[];
}

/** `subsystems:` of orchestration.yaml. */
export type Subsystems = Readonly<Record<string, { readonly globs: readonly string[]; readonly depends_on: readonly string[] }>>;

/** What `git merge-tree` said of two live branches. */
export interface MergeFact {
  readonly clean: boolean;
  /** Those in conflict. */
  readonly files: readonly string[];
}

/** What a pair is judged by besides the two units' own facts. */
export interface PairContext {
  readonly subsystems: Subsystems;
  /** null = nothing is known, as one of them has no branch yet. */
  readonly merge: MergeFact | null;
}

/** The one name of a chunk, which people also write `plans/x` and `plans/x/`. */
export function chunkName(written: string): string {
  return written.replace(/^\.?\/*(plans\/+)?/, '').replace(/\/+$/, '');
}

/** A path as git prints it: no leading `./` or `/`, no doubled slash; a folder's last slash stays. */
export function plainPath(written: string): string {
  return written.trim().replaceAll('\\', '/').replace(/^(\.?\/+)+/, '').replace(/\/{2,}/g, '/');
}

/**
 * A symbol's path and qualified name. The `#` that parts them is the last one that does not stand behind `::`, since a
 * private method is `Outer::#inner` and a folder may be called `c#`. Without one it is all path.
 */
export function splitSymbol(symbol: string): { readonly path: string; readonly name: string } {
  const at = /^(.*[^:])#(?!.*[^:]#)/su.exec(symbol)?.[1]?.length;
  return at === undefined ? { path: plainPath(symbol), name: '' } : { path: plainPath(symbol.slice(0, at)), name: symbol.slice(at + 1).trim() };
}

/** What a unit's `depends_on` says of another one. */
export function declaredTowards(unit: UnitFacts, other: string): 'after' | 'independent' | 'open' {
  if (unit.depends_on === null) return 'open';
  if (unit.depends_on.length === 0) return 'independent';
  return unit.depends_on.some((name) => chunkName(name) === chunkName(other)) ? 'after' : 'open';
}

/**
 * Changes when and only when something changes that the verdict on this pair rests on; the same for (a, b) and (b, a).
 * So the goal is left out, and of `depends_on` only what it says of the other unit counts.
 */
export function factsHash(a: UnitFacts, b: UnitFacts, context: PairContext): string {
  const sides = [`${ofUnit(a)} ${declaredTowards(a, b.chunk)}`, `${ofUnit(b)} ${declaredTowards(b, a.chunk)}`].toSorted();
  const merge = context.merge === null ? '' : JSON.stringify([context.merge.clean, sorted(context.merge.files)]);
  return digest([...sides, ofSubsystems(context.subsystems), merge].join('\n'));
}

/** One side and the configuration are hashed once, not once for each pair: a new unit has hundreds. */
const digests = new WeakMap<object, string>();

function remembered(key: object, text: () => string): string {
  const before = digests.get(key);
  if (before !== undefined) return before;
  const made = digest(text());
  digests.set(key, made);
  return made;
}

function ofUnit(unit: UnitFacts): string {
  const { chunk, touches, locations, symbols, subsystems, changed_files, changed_symbols } = unit;
  // The order of globs means something (a later `!glob` takes back); that of all else does not.
  return remembered(unit, () => JSON.stringify([chunkName(chunk), touches, ...[locations, symbols, subsystems, changed_files, changed_symbols].map(sorted)]));
}

function ofSubsystems(subsystems: Subsystems): string {
  const byName = ([x]: [string, unknown], [y]: [string, unknown]): number => (x < y ? -1 : 1);
  return remembered(subsystems, () => JSON.stringify(Object.entries(subsystems).toSorted(byName).map(([name, { globs, depends_on }]) => [name, globs, sorted(depends_on)])));
}

const digest = (text: string): string => hash('sha256', text).slice(0, 32);

function sorted(list: readonly string[]): readonly string[] {
  return [...new Set(list)].toSorted();
}
