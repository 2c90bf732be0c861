import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { replaceFile } from '../base/replace-file.ts';
import { checkedOutBranch, checkedOutCommit } from '../git/head.ts';
import { isAncestor, resolveCommit } from '../git/history.ts';
import { readStatus } from '../git/status.ts';
import { ignoredIn, untrackedAt } from '../git/untracked.ts';
import { readControlFile } from '../loop/contract.ts';
import { diverged, inTheWay, otherBranch, unrelated } from './failures.ts';
import { commitAside, keep } from './landing.ts';
import type { Checkout } from './landing.ts';

/** How a checkout comes to the remote's branch, with whatever is uncommitted in it. */

/** Whether an uncommitted path is a person's own. */
type IsPerson = (path: string) => boolean;

/** A move that was due and could not be made: everything in `head` is in `tip` in another form, or kept as a rescue ref. */
const Owed = z.object({ schema_version: z.literal(1), head: z.string(), tip: z.string() });

const owedFile = ({ control }: Checkout): string => join(control, 'follow.json');

/**
 * Whether the checkout's branch may simply move to `tip`: it is behind, or stands where an earlier move could not be made.
 * Failures: `unpushed_commits`, `unrelated_histories`.
 */
export async function mayFollow(checkout: Checkout, tip: string): Promise<Result<void>> {
  const { git } = checkout.repository;
  const head = await checkedOutCommit(checkout.repository);
  if (head === tip || (await isAncestor(git, head, tip))) return ok(undefined);
  const read = readControlFile(owedFile(checkout), Owed);
  const owed = read.ok ? read.value : null;
  const owes = owed !== null && (await isAncestor(git, owed.tip, tip)) && (await isAncestor(git, owed.head, head));
  if (owes && owed.head === head) return ok(undefined);
  if ((await git.attempt(['merge-base', head, tip])).code !== 0) return fail(unrelated(checkout));
  return fail(diverged(checkout, owes ? owed.head : null));
}

/** Brings a checkout that may follow to the tip; mostly it is merely behind. */
export async function catchUp(checkout: Checkout, tip: string, isPerson: IsPerson): Promise<Result<void>> {
  const { git } = checkout.repository;
  // A person may have gone to another branch while the runner waited: that one is not ours to move.
  if (checkedOutBranch(checkout.repository) !== checkout.branch) return fail(otherBranch(checkout));
  if ((await checkedOutCommit(checkout.repository)) === tip) return ok(undefined);
  // Git says so where it is not simply behind, or where something is in the way.
  const merged = await git.attempt(['merge', '--ff-only', '--no-overwrite-ignore', '--quiet', tip]);
  if (merged.code === 0 && (await checkedOutCommit(checkout.repository)) === tip) return ok(undefined);
  const may = await mayFollow(checkout, tip);
  return may.ok ? await follow(checkout, tip, isPerson, `before-${tip.slice(0, 12)}`) : may;
}

/**
 * Moves the checkout's branch to `tip` without touching anything uncommitted that is a person's. A leftover of the loop
 * that is in the way is kept as a rescue ref first. Failure `in_the_way` names a person's files: the branch stays then,
 * and the next start makes the move.
 */
export async function follow(checkout: Checkout, tip: string, isPerson: IsPerson, name: string): Promise<Result<void>> {
  if (checkedOutBranch(checkout.repository) !== checkout.branch) return await moveAlone(checkout, tip);
  const head = await checkedOutCommit(checkout.repository);
  if (head === tip) return ok(undefined);
  const moved = await move(checkout, tip, isPerson, name);
  if (moved.ok) rmSync(owedFile(checkout), { force: true });
  else replaceFile(owedFile(checkout), `${JSON.stringify({ schema_version: 1, head, tip })}\n`);
  return moved;
}

/** Another branch is checked out: ours is moved without the working tree, from where it stands. */
async function moveAlone({ repository: { git }, branch }: Checkout, tip: string): Promise<Result<void>> {
  const ref = `refs/heads/${branch}`;
  const here = await resolveCommit(git, ref);
  if (here !== null && here !== tip) await git.run(['update-ref', '-m', 'orchestrator: follow', ref, tip, here]);
  return ok(undefined);
}

async function move(checkout: Checkout, tip: string, isPerson: IsPerson, name: string): Promise<Result<void>> {
  const { repository, state_file } = checkout;
  const { git, root } = repository;
  const differing = async (...filter: string[]): Promise<string[]> =>
    (await git.run(['diff', '--name-only', '--no-renames', ...filter, '-z', 'HEAD', tip])).split('\0').filter((path) => path !== '' && path !== state_file);
  // Git overwrites what it ignores; an ignored file here is a person's all the same.
  const ignored = await ignoredIn(repository, await untrackedAt(repository, await differing('--diff-filter=A')));
  if (ignored.length > 0) return fail(inTheWay(checkout, ignored, ''));
  const moved = await git.attempt(['reset', '--keep', tip]);
  if (moved.code === 0) return ok(undefined);

  const changed = new Set(await differing());
  // A folder may stand where a file is to come, and the other way round.
  const meets = (path: string): boolean => changed.has(path) || [...changed].some((other) => path.startsWith(`${other}/`) || other.startsWith(`${path}/`));
  const status = await readStatus(git);
  const blocking = [...status.dirty.values()].filter((entry) => entry.path !== state_file && meets(entry.path));
  // A repository of its own cannot be kept as a commit of this one.
  const theirs = blocking.filter((entry) => isPerson(entry.path) || entry.kind === 'nested-repository').map((entry) => entry.path);
  if (theirs.length > 0 || blocking.length === 0) return fail(inTheWay(checkout, theirs, moved.stderr));
  const paths = blocking.map((entry) => entry.path);
  const ref = await keep(checkout, `${name}-leftover`, await commitAside(checkout, paths, 'orchestrator: left over, and in the way of what others pushed\n'), 'HEAD');
  checkout.warn(`${paths.length === 1 ? 'A leftover' : `${paths.length} leftovers`} of an earlier turn stood in the way of what others pushed (${paths.slice(0, 10).join(', ')}), and ${paths.length === 1 ? 'is' : 'are'} kept as ${ref}.`);
  const tracked = blocking.filter((entry) => entry.kind !== 'untracked').map((entry) => entry.path);
  if (tracked.length > 0) await git.run(['checkout', '--force', 'HEAD', '--', ...tracked]);
  for (const entry of blocking) if (entry.kind === 'untracked') rmSync(join(root, entry.path), { recursive: true, force: true });
  const again = await git.attempt(['reset', '--keep', tip]);
  return again.code === 0 ? ok(undefined) : fail(inTheWay(checkout, paths, again.stderr));
}
