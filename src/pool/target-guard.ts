import { openGit } from '../git/git.ts';
import { branchTip } from '../git/head.ts';
import { isAncestor } from '../git/history.ts';
import { moveRef } from '../git/merge.ts';
import { backupRef } from './backups.ts';
import { checkoutOf } from './landing.ts';
import type { PoolRuntime } from './runtime.ts';
import type { Unit } from './unit.ts';
import type { UnitPlace } from './worktrees.ts';

/** How far back the commits of a worktree are looked through. */
const LOOKED_AT = 500;

/**
 * Whether the target was moved past the merge queue while a unit's agent worked, since it was at `before`: why that is so, or
 * null. What would be lost is kept under backup refs. It is taken back to the last tip that the queue knows only where
 * nobody's checkout went along, so that it was no person at work in it; else a person has to look.
 */
export async function takeBackTarget(pool: PoolRuntime, unit: Unit, place: UnitPlace, before: string | null): Promise<string | null> {
  const { git } = pool.repository;
  const now = await branchTip(pool.repository, pool.target);
  if (before === null || now === before) return null;
  const last = await lastKnown(pool, before);
  if (now === null || !(await isAncestor(git, before, now))) {
    const kept = await backupRef(git, unit.chunk, last);
    const what = now === null ? `${pool.target} was deleted while its agent worked` : `${pool.target} was moved back or rewritten while its agent worked: it no longer holds ${before.slice(0, 12)}`;
    return await takenBack(pool, { chunk: unit.chunk, what: `${what}; that is kept as ${kept}`, now, last });
  }
  const own = await ownCommits(place);
  for (const commit of own) {
    const there = await isAncestor(git, commit, now).catch(() => false);
    if (!there || (await isAncestor(git, commit, before)) || (await landedByUs(pool, unit, commit))) continue;
    const what = `${commit.slice(0, 12)} of its worktree stands on ${pool.target} past the merge queue`;
    if (!own.includes(now)) return `${what}, and others have built on it: look at ${pool.target}.`;
    const kept = await backupRef(git, unit.chunk, now);
    return await takenBack(pool, { chunk: unit.chunk, what: `${what}, and is kept as ${kept}`, now, last });
  }
  return null;
}

/** Commits that were made in a worktree, by its own reflog. */
async function ownCommits({ repository }: UnitPlace): Promise<string[]> {
  const log = await repository.git.attempt(['reflog', 'show', '--format=%H %gs', `--max-count=${LOOKED_AT}`, 'HEAD']);
  return [...new Set(log.stdout.split('\n').filter((line) => /^[0-9a-f]+ commit/.test(line)).map((line) => line.split(' ')[0] ?? ''))];
}

async function takenBack(pool: PoolRuntime, { chunk, what, now, last }: { readonly chunk: string; readonly what: string; readonly now: string | null; readonly last: string }): Promise<string> {
  const checkout = await checkoutOf(pool);
  // A checkout that went along wrote it into its own reflog: somebody merged or reset there.
  const went = checkout !== undefined && (await wentAlong(checkout.path, now));
  if (went) return `${what}. Somebody did that in ${checkout.path}, so that it was left as it is: look at it, then: orchestrator unit retry ${chunk}`;
  const back = await moveRef(pool.repository.git, `refs/heads/${pool.target}`, last, now, 'orchestrator: taken back');
  return back ? `${what}. ${pool.target} is back at ${last.slice(0, 12)}.` : `${what}. ${pool.target} could not be taken back.`;
}

async function wentAlong(path: string, tip: string | null): Promise<boolean> {
  const log = await openGit(path).attempt(['reflog', 'show', '--format=%H', '--max-count=1', 'HEAD']);
  return log.stdout.trim() === tip;
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
