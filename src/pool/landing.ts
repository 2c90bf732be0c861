import { branchTip } from '../git/head.ts';
import { moveRef } from '../git/merge.ts';
import { halfDone, openRepository } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import { readStatus } from '../git/status.ts';
import { listWorktrees } from '../git/worktrees.ts';
import type { Worktree } from '../git/worktrees.ts';
import { isHolderAlive, placesOf, readHolder } from '../loop/contract.ts';
import { worktreesFolder } from './places.ts';
import type { PoolRuntime } from './runtime.ts';

export type Landed =
  | { readonly kind: 'landed' }
  /** Somebody else moved the target: the merge must be made anew. */
  | { readonly kind: 'moved' }
  /** The target is checked out and not fit to follow. */
  | { readonly kind: 'waits'; readonly why: string };

/** Why nothing could land now; null when it could. Asked before anything is made that would be thrown away. */
export async function landingProblem(pool: PoolRuntime): Promise<string | null> {
  if (pool.config().pool.on_dirty_checkout !== 'wait') return null;
  const checkout = await checkoutOf(pool);
  if (checkout === undefined) return null;
  const repository = await openCheckout(pool, checkout.path);
  return repository === null ? `${checkout.path} cannot be looked at` : await unfit(repository);
}

/** The person's checkout of the target; the pool's own worktrees are none. */
export async function checkoutOf(pool: PoolRuntime): Promise<Worktree | undefined> {
  const own = worktreesFolder(pool.workspace);
  return (await listWorktrees(pool.repository.git)).find((each) => each.branch === pool.target && !each.bare && !each.prunable && !each.path.startsWith(`${own}/`));
}

async function openCheckout(pool: PoolRuntime, path: string): Promise<Repository | null> {
  if (path === pool.repository.root) return pool.repository;
  const opened = await openRepository(path, pool.git_env);
  return opened.ok ? opened.value : null;
}

/**
 * Moves the target from `old` to `commit`. A checkout that is on it and clean follows; one that is dirty is never touched:
 * the ref waits until it is clean, or lands without it (`pool.on_dirty_checkout`).
 */
export async function land(pool: PoolRuntime, commit: string, old: string): Promise<Landed> {
  const ref = `refs/heads/${pool.target}`;
  const { git } = pool.repository;
  const checkout = await checkoutOf(pool);
  if (checkout === undefined) return (await moveRef(git, ref, commit, old, 'orchestrator: merge')) ? { kind: 'landed' } : { kind: 'moved' };
  const repository = await openCheckout(pool, checkout.path);
  if (repository === null) return { kind: 'waits', why: `${checkout.path} cannot be looked at` };
  const why = await unfit(repository);
  if (why !== null) {
    if (pool.config().pool.on_dirty_checkout === 'wait') return { kind: 'waits', why };
    return (await moveRef(git, ref, commit, old, 'orchestrator: merge')) ? { kind: 'landed' } : { kind: 'moved' };
  }
  // Git itself refuses to overwrite what it does not track, and to move anything but forward.
  const followed = await repository.git.attempt(['merge', '--ff-only', '--no-stat', '--no-autostash', commit]);
  if (followed.code === 0) return { kind: 'landed' };
  if ((await branchTip(pool.repository, pool.target)) !== old) return { kind: 'moved' };
  return { kind: 'waits', why: `${checkout.path} cannot follow: ${followed.stderr.trim().split('\n').slice(0, 3).join(' ')}` };
}

/** Why a checkout may not be moved now; null when it may. */
async function unfit(repository: Repository): Promise<string | null> {
  const path = repository.root;
  const holder = await readHolder(placesOf(repository, path).lock);
  if (holder !== null && isHolderAlive(holder)) return `orchestrator run is at work in ${path}`;
  const operation = halfDone(repository.gitDirectory);
  if (operation !== null) return `a ${operation} stands half done in ${path}`;
  const { dirty } = await readStatus(repository.git, { passive: true, tracked_only: true });
  if (dirty.size === 0) return null;
  return `${path} has changes that are not committed: ${[...dirty.keys()].slice(0, 5).join(', ')}${dirty.size > 5 ? ` and ${dirty.size - 5} more` : ''}`;
}
