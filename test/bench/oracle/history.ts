import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** The recorded history: names of files and symbols and what git said, no sources. Written by `record.ts`, one project a line. */

export const HISTORY = fileURLToPath(new URL('history.jsonl.gz', import.meta.url));

/** One change, a release or a patch. */
export interface Change {
  readonly name: string;
  /** File -> its changed symbols, as `changedSymbols` names them without the path; `[]` where nothing is known of them. */
  readonly files: Readonly<Record<string, readonly string[]>>;
}

/** An earlier and a later change of one project, as two branches of one base, and the files in which their merge conflicts. */
export interface Pair {
  readonly first: number;
  readonly second: number;
  readonly conflicts: readonly string[];
}

export interface Project {
  readonly project: string;
  readonly kind: 'releases' | 'patches';
  readonly changes: readonly Change[];
  readonly pairs: readonly Pair[];
}

export function readHistory(): Project[] {
  const lines = gunzipSync(readFileSync(HISTORY)).toString('utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Project);
}
