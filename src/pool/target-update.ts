import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAgentFile } from '../loop/contract.ts';
import type { PoolRuntime } from './runtime.ts';
import { trailers } from './unit-commit.ts';
import type { Unit } from './unit.ts';
import type { UnitPlace } from './worktrees.ts';

/**
 * A unit whose branch conflicts with its target gets the target merged into its worktree, for its agent to resolve what
 * git cannot. The merge is ours: it is committed mechanically once no marker of a conflict is left.
 */

/** Begins the update; gives the paths in conflict, none where git could merge and has committed it. */
export async function beginUpdate(pool: PoolRuntime, unit: Unit, place: UnitPlace, target: string): Promise<readonly string[]> {
  const { git } = place.repository;
  await pool.units.note(unit.chunk, { updating: target }, 'unit.updating');
  await git.attempt(['merge', '--no-ff', '--no-commit', '--no-stat', '--quiet', target]);
  const files = await unmerged(place);
  if (files.length > 0) return files;
  await commitMerge(pool, unit, place);
  return [];
}

/** Ends an update after an agent's call, if one was begun: why it cannot be ended, or null. */
export async function finishUpdate(pool: PoolRuntime, unit: Unit, place: UnitPlace): Promise<string | null> {
  const { updating } = unit;
  if (updating === null) return null;
  const { repository } = place;
  const merging = join(repository.gitDirectory, 'MERGE_HEAD');
  const head = existsSync(merging) ? readFileSync(merging, 'utf8').trim() : null;
  if (head !== updating) {
    // Its agent has ended the merge itself, or taken it back; another merge in its place is seen by whoever commits.
    if (head === null) await pool.units.note(unit.chunk, { updating: null }, 'unit.updated');
    return null;
  }
  const files = await unmerged(place);
  const left = files.filter((path) => hasMarkers(join(repository.root, path)));
  if (left.length > 0) return `The conflicts with ${pool.target} are not resolved: ${left.slice(0, 10).join(', ')}. Resolve them in ${repository.root}, then: orchestrator unit retry ${unit.chunk}`;
  if (files.length > 0) await repository.git.run(['add', '--all', '--verbose', '--', ...files]);
  await commitMerge(pool, unit, place);
  return null;
}

async function commitMerge(pool: PoolRuntime, unit: Unit, { repository }: UnitPlace): Promise<void> {
  if (existsSync(join(repository.gitDirectory, 'MERGE_HEAD'))) {
    await repository.git.run(['commit', '--no-verify', '--cleanup=verbatim', '-m', `Merge ${pool.target} into ${unit.branch}\n\n${trailers(unit)}\n`]);
  }
  await pool.units.note(unit.chunk, { updating: null }, 'unit.updated');
}

async function unmerged({ repository }: UnitPlace): Promise<string[]> {
  return (await repository.git.run(['diff', '--name-only', '--diff-filter=U', '-z'])).split('\0').filter((path) => path !== '');
}

function hasMarkers(path: string): boolean {
  const read = readAgentFile(path);
  return !read.ok || /^(?:<{7}|>{7}) /m.test(read.value ?? '');
}
