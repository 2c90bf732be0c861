import { globMatcher } from '../../base/glob.ts';
import { globPatterns, intersects } from './path-pattern.ts';
import type { PathPattern } from './path-pattern.ts';

/** Tells whether single files are covered. */
export type Cover = (file: PathPattern) => boolean;

/**
 * Which files a list of globs takes, and those that `patterns` (plain paths of a plan) name besides. The same answer as
 * globMatcher's, but without asking it where patterns are exact: a new unit asks some thousand times.
 */
export function coverOf(globs: readonly string[], places: readonly PathPattern[] = []): Cover {
  const exact = globs.some((glob) => /[!\\[]|\*\*\/$/m.test(glob)) ? globMatcher(globs) : null;
  const patterns = [...places, ...(exact === null ? globPatterns(globs) : [])];
  const plain = new Set(patterns.flatMap(({ literal }) => literal ?? []));
  const wild = patterns.filter(({ literal }) => literal === null);
  return (file) => hasOrIsUnder(plain, file.text) || wild.some((pattern) => intersects(pattern, file)) || exact?.(file.text) === true;
}

/** Whether a path or a folder above it is among some, without looking at each: plans name hundreds at times. */
function hasOrIsUnder(paths: ReadonlySet<string>, path: string): boolean {
  if (paths.has(path)) return true;
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) if (paths.has(path.slice(0, at))) return true;
  return false;
}
