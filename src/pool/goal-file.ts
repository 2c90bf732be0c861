import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { replaceFile } from '../base/replace-file.ts';
import { commitPaths } from '../git/commit.ts';
import { readAgentFile } from '../loop/contract.ts';
import { PLANS } from './chunk-name.ts';
import { parseChunk, withStatus } from './chunk.ts';
import type { Chunk, ChunkStatus } from './chunk.ts';
import { trailers } from './unit-commit.ts';
import type { Unit } from './unit.ts';
import type { UnitPlace } from './worktrees.ts';

/** A chunk's files in a worktree, and the statuses that the pool itself sets there. */

export const goalPath = (workspace: string, chunk: string): string => join(workspace, PLANS, chunk, 'GOAL.md');

/** Reads a chunk where an agent may have written it. Failure `chunk_invalid`. */
export function readChunk(workspace: string, name: string): Result<Chunk> {
  const goal = readAgentFile(goalPath(workspace, name));
  if (!goal.ok) return goal;
  if (goal.value === null) return fail({ code: 'chunk_not_found', kind: 'not_found', message: `There is no ${PLANS}/${name}/GOAL.md.`, details: { chunk: name } });
  const plan = readAgentFile(join(dirname(goalPath(workspace, name)), 'PLAN.md'));
  return parseChunk(name, goal.value, plan.ok ? plan.value : null);
}

/** Names of the chunks in a workspace. */
export function chunkNames(workspace: string): string[] {
  try {
    return readdirSync(join(workspace, PLANS), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

async function setStatuses(place: UnitPlace, prefix: string, unit: Unit, changes: ReadonlyMap<string, ChunkStatus>, subject: string): Promise<void> {
  const paths: string[] = [];
  for (const [chunk, status] of changes) {
    const file = goalPath(place.workspace, chunk);
    replaceFile(file, withStatus(readFileSync(file, 'utf8'), status));
    paths.push([...(prefix === '' ? [] : [prefix]), PLANS, chunk, 'GOAL.md'].join('/'));
  }
  if (paths.length > 0) await commitPaths(place.repository, { paths, untracked: [], message: `${subject}\n\n${trailers(unit)}\n` });
}

/**
 * Activates a FUTURE chunk in its worktree: it is IMPLEMENTING there, and alone so; the others that were are FUTURE until
 * the work is done. Gives those. Done again after a crash it finds what is there.
 */
export async function activate(place: UnitPlace, prefix: string, unit: Unit): Promise<readonly string[]> {
  const own = readChunk(place.workspace, unit.chunk);
  if (!own.ok || own.value.status !== 'FUTURE') return unit.displaced;
  const others = chunkNames(place.workspace).filter((name) => name !== unit.chunk).filter((name) => {
    const chunk = readChunk(place.workspace, name);
    return chunk.ok && chunk.value.status === 'IMPLEMENTING';
  });
  await setStatuses(place, prefix, unit, new Map<string, ChunkStatus>([[unit.chunk, 'IMPLEMENTING'], ...others.map((name): [string, ChunkStatus] => [name, 'FUTURE'])]), `Activate ${unit.chunk}`);
  return others;
}

/** Before the merge: what the activation displaced is put back, and the chunk says ACTIVE. */
export async function settle(place: UnitPlace, prefix: string, unit: Unit): Promise<Result<void>> {
  const own = readChunk(place.workspace, unit.chunk);
  if (!own.ok) return own;
  const changes = new Map<string, ChunkStatus>();
  for (const name of unit.displaced) {
    const other = readChunk(place.workspace, name);
    if (other.ok && other.value.status === 'FUTURE') changes.set(name, 'IMPLEMENTING');
  }
  if (own.value.status !== 'ACTIVE') changes.set(unit.chunk, 'ACTIVE');
  await setStatuses(place, prefix, unit, changes, `${unit.chunk} is done`);
  return ok(undefined);
}
