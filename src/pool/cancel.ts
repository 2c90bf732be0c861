import { join } from 'node:path';
import { ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { commitAside } from '../git/commit.ts';
import { branchTip } from '../git/head.ts';
import { isAncestor } from '../git/history.ts';
import { moveRef } from '../git/merge.ts';
import { takeSnapshot } from '../loop/contract.ts';
import { backupRef } from './backups.ts';
import { unitSettings } from './phase-call.ts';
import type { Pool } from './pool.ts';
import type { PoolRuntime } from './runtime.ts';
import { trailers } from './unit-commit.ts';
import type { Unit } from './unit.ts';
import { dropWorktree, openUnitPlace } from './worktrees.ts';
import type { UnitPlace } from './worktrees.ts';

/** Gives a unit up: agent ended, status set, then everything that it did is kept under a backup ref and its worktree goes. */
export async function cancelUnit(pool: Pool, chunk: string, why: string): Promise<Result<{ unit: Unit; backup: string | null }>> {
  const { runtime } = pool;
  await pool.dispatcher.interrupt(chunk);
  // What is on its way into the target cannot be given up any more.
  await pool.merges.landing();
  const cancelled = await runtime.units.change(chunk, { event: 'cancel', payload: { why: why.trim() === '' ? 'no reason was given' : why } }, { worktree: null });
  if (!cancelled.ok) return cancelled;
  const backup = await keepAndClear(runtime, cancelled.value);
  runtime.wake();
  return ok({ unit: cancelled.value, backup });
}

/**
 * Keeps what stands on a unit's branch and in its worktree under backup refs, wherever its agent left HEAD, and takes branch and
 * worktree away. Gives the ref of the worktree's own state, else of the branch; null where there was nothing to keep.
 */
export async function keepAndClear(pool: PoolRuntime, unit: Unit): Promise<string | null> {
  const { git } = pool.repository;
  const target = await branchTip(pool.repository, pool.target);
  const keep = async (commit: string | null): Promise<string | null> => {
    if (commit === null || (target !== null && (await isAncestor(git, commit, target)))) return null;
    return await backupRef(git, unit.chunk, commit);
  };
  const branch = await keep(await branchTip(pool.repository, unit.branch));
  const place = await openUnitPlace(pool, unit.chunk);
  const worktree = place === null ? null : await keep(await presentState(pool, unit, place));
  await dropWorktree(pool, unit.chunk);
  const tip = await branchTip(pool.repository, unit.branch);
  if (tip !== null) await moveRef(git, `refs/heads/${unit.branch}`, null, tip, 'orchestrator: given up');
  return worktree ?? branch;
}

/** A worktree's HEAD with all that is not committed on top of it. */
async function presentState(pool: PoolRuntime, unit: Unit, place: UnitPlace): Promise<string | null> {
  const { git, root, gitDirectory } = place.repository;
  const { isReserved } = unitSettings(pool, place);
  const { dirty, head } = await takeSnapshot(git, root);
  const paths = [...dirty.values()].filter((each) => !isReserved(each.path) && each.kind !== 'nested-repository' && each.kind !== 'submodule').map((each) => each.path);
  if (head === null || paths.length === 0) return head;
  return await commitAside(git, { paths, message: `${unit.chunk}: uncommitted when it was given up\n\n${trailers(unit)}\n`, scratchIndex: join(gitDirectory, 'orchestrator-kept.index') });
}
