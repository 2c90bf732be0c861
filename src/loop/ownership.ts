import { z } from 'zod';
import { mkdirSync, rmSync } from 'node:fs';
import { ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { replaceFile } from '../base/replace-file.ts';
import { readControlFile } from './control-file.ts';
import type { Places } from './places.ts';
import type { Snapshot } from './snapshot.ts';

/** Whose the uncommitted changes of a checkout are: the person's, or left by an earlier turn of the loop. */

const PathList = z.object({ schema_version: z.literal(1), run_id: z.string(), paths: z.array(z.string()) });

/** Paths that earlier turns left uncommitted, as listed in `.git/orchestrator/leftovers.json`. */
export function readLeftovers(places: Places): Result<ReadonlySet<string>> {
  return readPaths(places.leftovers);
}

/** The person's own dirty paths, as the last run found them before its first turn. */
export function readPersonPaths(places: Places): Result<ReadonlySet<string>> {
  return readPaths(places.person);
}

function readPaths(path: string): Result<ReadonlySet<string>> {
  const read = readControlFile(path, PathList);
  return read.ok ? ok(new Set(read.value?.paths ?? [])) : read;
}

/** Notes what the loop left uncommitted; with nothing left there is no file. */
export function writeLeftovers(places: Places, runId: string, paths: Iterable<string>): void {
  const all = [...paths];
  if (all.length === 0) rmSync(places.leftovers, { force: true });
  else writePaths(places.leftovers, runId, all);
}

export function writePersonPaths(places: Places, runId: string, paths: Iterable<string>): void {
  mkdirSync(places.control, { recursive: true });
  writePaths(places.person, runId, paths);
}

function writePaths(path: string, run_id: string, paths: Iterable<string>): void {
  replaceFile(path, `${JSON.stringify({ schema_version: 1, run_id, paths: [...paths].toSorted() }, null, 1)}\n`);
}

/** The dirty paths of a checkout, sorted by whose they are; `isReserved` names what is never anybody's change. */
export function divide(snapshot: Snapshot, leftovers: ReadonlySet<string>, isReserved: (path: string) => boolean): { person: Set<string>; loop: Set<string> } {
  const person = new Set<string>();
  const loop = new Set<string>();
  for (const path of snapshot.dirty.keys()) {
    if (isReserved(path)) continue;
    (leftovers.has(path) ? loop : person).add(path);
  }
  return { person, loop };
}
