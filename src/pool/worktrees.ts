import { existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { branchTip } from '../git/head.ts';
import type { Repository } from '../git/repository.ts';
import { addWorktree, listWorktrees, openWorktree, removeWorktree } from '../git/worktrees.ts';
import { makeFolder, makeUntrackedFolder } from '../loop/contract.ts';
import { poolFolder, worktreesFolder } from './places.ts';
import type { PoolRuntime } from './runtime.ts';
import type { Unit } from './unit.ts';

/** Where units work: `.orchestrator/worktrees/<chunk>`, each on its own branch. */

/** A unit's worktree, ready to work in. */
export interface UnitPlace {
  readonly repository: Repository;
  /** The workspace within it. */
  readonly workspace: string;
  readonly fresh: boolean;
}

/**
 * The unit's worktree: the one that it has, or a new one on its branch, which begins at `start`. A folder that is there and
 * is no worktree of this repository is never taken nor removed: failure `worktree_in_the_way`.
 */
export async function ensureWorktree(pool: PoolRuntime, unit: Unit, start: string): Promise<Result<UnitPlace>> {
  const folder = worktreesFolder(pool.workspace);
  const path = join(folder, unit.chunk);
  makeUntrackedFolder(poolFolder(pool.workspace));
  makeFolder(folder);
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined) {
    const opened = there.isDirectory() ? await openWorktree(pool.repository, path, pool.git_env) : null;
    // Git locks a worktree until it is wholly there: one that was cut short would look as if everything had been deleted.
    const half = opened !== null && existsSync(join(opened.gitDirectory, 'locked'));
    if (opened !== null && !half) return ok({ repository: opened, workspace: join(path, pool.prefix), fresh: false });
    const ours = half || (opened === null && (await listWorktrees(pool.repository.git)).some((each) => each.path === path));
    if (ours) await removeWorktree(pool.repository, path);
    else if (!there.isDirectory() || readdirSync(path).length > 0) return fail({ code: 'worktree_in_the_way', kind: 'precondition', message: `${path} is there and is no worktree of this repository, so that ${unit.chunk} has no place to work.`, hint: `Move it away, then: orchestrator unit retry ${unit.chunk}` });
  }
  const exists = (await branchTip(pool.repository, unit.branch)) !== null;
  // One that was removed by hand is still on git's list, and its branch with it.
  if (exists) await pool.repository.git.attempt(['worktree', 'prune', '--expire=now']);
  await addWorktree(pool.repository, { path, branch: unit.branch, start, exists });
  const opened = await openWorktree(pool.repository, path, pool.git_env);
  if (opened === null) throw new Error(`git made no worktree at ${path}`);
  mkdirSync(join(path, pool.prefix), { recursive: true });
  return ok({ repository: opened, workspace: join(path, pool.prefix), fresh: true });
}

/** The unit's worktree as it stands; null where there is none. */
export async function openUnitPlace(pool: PoolRuntime, chunk: string): Promise<UnitPlace | null> {
  const path = join(worktreesFolder(pool.workspace), chunk);
  const repository = existsSync(path) ? await openWorktree(pool.repository, path, pool.git_env) : null;
  return repository === null ? null : { repository, workspace: join(path, pool.prefix), fresh: false };
}

/** Takes a unit's worktree away; the branch stays. */
export async function dropWorktree(pool: PoolRuntime, chunk: string): Promise<void> {
  const path = join(worktreesFolder(pool.workspace), chunk);
  const known = existsSync(join(path, '.git')) || (await listWorktrees(pool.repository.git)).some((each) => each.path === path);
  if (known) await removeWorktree(pool.repository, path);
  // What git leaves of a folder whose worktree it has forgotten is ours alone if it is empty.
  else if (existsSync(path)) rmdirSync(path);
}

/** Worktrees of ours on disk or on git's list, with the chunk that each is named after. */
export async function poolWorktrees(repository: Pick<Repository, 'git'>, workspace: string): Promise<{ readonly chunk: string; readonly path: string; readonly branch: string | null; readonly prunable: boolean }[]> {
  const folder = worktreesFolder(workspace);
  return (await listWorktrees(repository.git))
    .filter((each) => each.path.startsWith(`${folder}/`) && !each.path.slice(folder.length + 1).includes('/'))
    .map((each) => ({ chunk: basename(each.path), path: each.path, branch: each.branch, prunable: each.prunable }));
}
