/**
 * Globs of gitignore's dialect as lists of segments, so that two of them can be asked whether some path is matched by
 * both. What is not modelled exactly (character classes) is taken to match more than it does: "no path" is certain,
 * "some path" is not. Which single paths a list matches is for base/glob.ts to say, which knows `!pattern` too.
 */

/** Any number of segments, none included. */
export const ANY_DEPTH = Symbol('**');

/** One part of a path: a literal one, or with `?` (one character) and `*` (any number). */
export type Segment = string | typeof ANY_DEPTH | { readonly text: string; readonly tokens: readonly Token[] };

type Token = string | { readonly wild: '?' | '*' };

export interface PathPattern {
  /** As written. */
  readonly text: string;
  readonly segments: readonly Segment[];
  /** The one path that this names, and at most what is below it; null where a wildcard or an unanchored name says more. */
  readonly literal: string | null;
}

const ONE: Token = { wild: '?' };
const MANY: Token = { wild: '*' };
const ANY_NAME: Segment = { text: '*', tokens: [MANY] };

/** Exactly one file. */
export function filePattern(path: string): PathPattern {
  return { text: path, segments: path.split('/'), literal: path };
}

/** A file, or a folder with all below it. `src/a/` is a folder only. */
export function placePattern(path: string): PathPattern {
  const names = path.split('/').filter((name) => name !== '');
  return { text: path, segments: path.endsWith('/') ? [...names, ANY_NAME, ANY_DEPTH] : [...names, ANY_DEPTH], literal: path.endsWith('/') ? null : names.join('/') };
}

/** What a list of globs may match at most: negations and comments are left out. */
export function globPatterns(globs: readonly string[]): PathPattern[] {
  return globs.flatMap((entry) => entry.split(/\r?\n/)).flatMap((line) => globPattern(line) ?? []);
}

function globPattern(line: string): PathPattern | null {
  const written = line.replace(/(?<!\\) +$/, '');
  if (written === '' || written.startsWith('#') || written.startsWith('!')) return null;
  const body = written.replace(/^\//, '').replace(/\/+$/, '');
  if (body === '') return null;
  const anchored = written.startsWith('/') || body.includes('/');
  const segments: Segment[] = anchored ? [] : [ANY_DEPTH];
  for (const name of body.split('/')) {
    if (/^\*{2,}$/.test(name)) {
      segments.push(ANY_DEPTH);
      continue;
    }
    const { segment, vague } = segmentOf(name);
    segments.push(segment);
    // Where a class or an escaped slash stands the bounds of the segment itself are unsure, so anything may follow.
    if (vague) return { text: written, segments: [...segments, ANY_DEPTH], literal: null };
  }
  // `a/` and `a/**` are what is inside of `a`; all else is also everything below what it matches.
  const inside = written.endsWith('/') || segments.at(-1) === ANY_DEPTH;
  const literal = anchored && !inside && segments.every((segment) => typeof segment === 'string') ? segments.join('/') : null;
  if (inside) segments.push(ANY_NAME);
  segments.push(ANY_DEPTH);
  return { text: written, segments, literal };
}

function segmentOf(name: string): { readonly segment: Segment; readonly vague: boolean } {
  const tokens: Token[] = [];
  for (let at = 0; at < name.length; at++) {
    const char = name[at] ?? '';
    if (char === '[' || (char === '\\' && at + 1 >= name.length)) return { segment: { text: name, tokens: [...tokens, MANY] }, vague: true };
    if (char === '*') {
      if (tokens.at(-1) !== MANY) tokens.push(MANY);
    } else if (char === '?') tokens.push(ONE);
    else tokens.push(char === '\\' ? (name[++at] ?? '') : char);
  }
  const literal = tokens.every((token) => typeof token === 'string');
  return { segment: literal ? tokens.join('') : { text: name, tokens }, vague: false };
}

/** Whether some path may be matched by both; false is certain. */
export function intersects(a: PathPattern, b: PathPattern): boolean {
  const [left, right] = [a.segments, b.segments];
  // Most pairs of a repository part within their first literal folders, and most that do not end in "and all below".
  for (let at = 0; ; at++) {
    const [x, y] = [left[at], right[at]];
    if (typeof x === 'string' && typeof y === 'string') {
      if (x !== y) return false;
    } else if ((x === ANY_DEPTH && at === left.length - 1) || (y === ANY_DEPTH && at === right.length - 1)) return true;
    else if (x === undefined && y === undefined) return true;
    else return meet(left.slice(at), right.slice(at), segmentsMeet, (segment) => segment === ANY_DEPTH);
  }
}

/** Whether one name may be matched by both segments, of which neither is a double star. */
export function segmentsMeet(a: Segment, b: Segment): boolean {
  if (a === ANY_DEPTH || b === ANY_DEPTH) return true;
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  return meet(tokensOf(a), tokensOf(b), tokensMeet, (token) => token === MANY);
}

const tokensOf = (segment: Exclude<Segment, typeof ANY_DEPTH>): readonly Token[] => (typeof segment === 'string' ? segment.split('') : segment.tokens);

function tokensMeet(a: Token, b: Token): boolean {
  return typeof a !== 'string' || typeof b !== 'string' || a === b;
}

/**
 * Whether two sequences with gaps (`many`) have a word in common: all pairs of positions that can be reached together,
 * row by row, so that no pattern costs more than the product of the two lengths.
 */
function meet<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean, many: (item: T) => boolean): boolean {
  let row = new Uint8Array(b.length + 1);
  row[0] = 1;
  for (let i = 0; i <= a.length; i++) {
    const next = new Uint8Array(b.length + 1);
    const x = a[i];
    const gap = x !== undefined && many(x);
    let alive = false;
    for (let j = 0; j <= b.length; j++) {
      if (row[j] === 0) continue;
      alive = true;
      const y = b[j];
      const hole = y !== undefined && many(y);
      if (gap) next[j] = 1;
      if (hole || (gap && y !== undefined)) row[j + 1] = 1;
      if (hole && x !== undefined) next[j] = 1;
      if (x !== undefined && y !== undefined && !gap && !hole && same(x, y)) next[j + 1] = 1;
    }
    if (!alive) return false;
    if (i === a.length) return row[b.length] === 1;
    row = next;
  }
  return false;
}
