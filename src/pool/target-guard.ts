import { isAncestor, resolveCommit } from '../git/history.ts';
import { moveRef } from '../git/merge.ts';
import { backupRef } from './backups.ts';
import type { PoolRuntime } from './runtime.ts';
import type { Unit } from './unit.ts';
import type { UnitPlace } from './worktrees.ts';

/** How far back the commits of a worktree are looked through. */
const LOOKED_AT = 500;

/**
 * Whether commits that were made in a unit's worktree stand on the target past the merge queue, since it was at `before`:
 * why that is so, or null. Where the target's tip is such a commit it is taken back to the last tip that the queue knows,
 * and kept under a backup ref; where others have built on it a person has to look.
 */
export async function takeBackTarget(pool: PoolRuntime, unit: Unit, place: UnitPlace, before: string | null): Promise<string | null> {
  const { git } = pool.repository;
  const ref = `refs/heads/${pool.target}`;
  const now = await resolveCommit(git, ref);
  if (before === null || now === null || now === before) return null;
  const log = await place.repository.git.attempt(['reflog', 'show', '--format=%H %gs', `--max-count=${LOOKED_AT}`, 'HEAD']);
  const own = [...new Set(log.stdout.split('\n').filter((line) => /^[0-9a-f]+ commit/.test(line)).map((line) => line.split(' ')[0] ?? ''))];
  for (const commit of own) {
    const there = await isAncestor(git, commit, now).catch(() => false);
    if (!there || (await isAncestor(git, commit, before)) || (await landedByUs(pool, unit, commit))) continue;
    const moved = `Its agent put ${commit.slice(0, 12)} on ${pool.target} by itself, past the merge queue`;
    if (!own.includes(now)) return `${moved}, and others have built on it: look at ${pool.target}.`;
    const kept = await backupRef(git, unit.chunk, now);
    const last = await lastKnown(pool, before);
    const back = await moveRef(git, ref, last, now, 'orchestrator: taken back');
    return back ? `${moved}; ${pool.target} is back at ${last.slice(0, 12)}, and what was there is kept as ${kept}.` : `${moved}, and ${pool.target} could not be taken back; what was there is kept as ${kept}.`;
  }
  return null;
}

async function landedTips(pool: PoolRuntime): Promise<string[]> {
  const rows = await pool.store.read((tx) => tx.db.selectFrom('merges').select('data').where('state', '=', 'landed').where('target', '=', pool.target).orderBy('updated_at', 'desc').limit(20).execute());
  return rows.map((row) => (JSON.parse(row.data) as { commit: string }).commit);
}

async function landedByUs(pool: PoolRuntime, unit: Unit, commit: string): Promise<boolean> {
  const rows = await pool.store.read((tx) => tx.db.selectFrom('merges').select('data').where('state', '=', 'landed').where('unit', '=', unit.chunk).execute());
  for (const row of rows) if (await isAncestor(pool.repository.git, commit, (JSON.parse(row.data) as { commit: string }).commit).catch(() => false)) return true;
  return false;
}

/** What the queue landed since, else where the target was. */
async function lastKnown(pool: PoolRuntime, before: string): Promise<string> {
  for (const commit of await landedTips(pool)) if (await isAncestor(pool.repository.git, before, commit).catch(() => false)) return commit;
  return before;
}
