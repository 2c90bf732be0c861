import { branchTip } from '../git/head.ts';
import { ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { commitPaths } from '../git/commit.ts';
import { isAncestor, resolveCommit } from '../git/history.ts';
import { moveRef } from '../git/merge.ts';
import { halfDone } from '../git/repository.ts';
import { takeSnapshot } from '../loop/contract.ts';
import { backupRef } from './backups.ts';
import { unitSettings } from './phase-call.ts';
import type { Pool } from './pool.ts';
import type { PoolRuntime } from './runtime.ts';
import { trailers } from './unit-commit.ts';
import type { Unit } from './unit.ts';
import { dropWorktree, openUnitPlace } from './worktrees.ts';

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

/** Keeps what stands on a unit's branch and in its worktree under a backup ref, and takes both away. Gives the ref; null where there was nothing to keep. */
export async function keepAndClear(pool: PoolRuntime, unit: Unit): Promise<string | null> {
  const { git } = pool.repository;
  const ref = `refs/heads/${unit.branch}`;
  const place = await openUnitPlace(pool, unit.chunk);
  if (place !== null) {
    // Half a merge cannot be committed; what it holds beside our own markers is on its two sides.
    if (halfDone(place.repository.gitDirectory) === 'merge') await place.repository.git.attempt(['merge', '--abort']);
    const { isReserved } = unitSettings(pool, place);
    const { dirty, branch } = await takeSnapshot(place.repository.git, place.repository.root);
    const paths = [...dirty.values()].filter((each) => !isReserved(each.path) && each.kind !== 'nested-repository' && each.kind !== 'submodule');
    if (paths.length > 0 && branch === unit.branch) {
      // Only for the backup: it is on no branch that anybody pushes.
      await commitPaths(place.repository, { paths: paths.map((each) => each.path), untracked: paths.filter((each) => each.kind === 'untracked').map((each) => each.path), message: `${unit.chunk}: uncommitted when it was given up\n\n${trailers(unit)}\n` });
    }
  }
  const tip = await resolveCommit(git, ref);
  let backup: string | null = null;
  const target = await branchTip(pool.repository, pool.target);
  if (tip !== null && !(target !== null && (await isAncestor(git, tip, target)))) backup = await backupRef(git, unit.chunk, tip);
  await dropWorktree(pool, unit.chunk);
  if (tip !== null) await moveRef(git, ref, null, tip, 'orchestrator: given up');
  return backup;
}
