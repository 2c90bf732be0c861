import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { findSecrets } from '../base/secrets.ts';
import { commitPaths } from '../git/commit.ts';
import type { Git } from '../git/git.ts';
import { checkedOutCommit } from '../git/head.ts';
import { addedLines, resolveCommit } from '../git/history.ts';
import { pushAll } from '../git/push.ts';
import { openRepository } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import { readStatus } from '../git/status.ts';
import { rescueRef, writeState } from '../loop/contract.ts';
import type { Landing, StateDocument } from '../loop/contract.ts';

/** The git side of a hand-off: work brought onto another tip, kept where it cannot land, the checkout following. */

export interface Checkout {
  readonly repository: Repository;
  readonly remote: string;
  readonly branch: string;
  readonly state_file: string;
  /** `.git/orchestrator`. */
  readonly control: string;
}

/** A turn's commits on the remote's tip, stamped there. `failure` says why the work itself is not among them. */
export interface Restacked {
  readonly head: string;
  readonly document: StateDocument;
  readonly failure: Failure | null;
}

/** Rebases the work (never a stamp) onto `tip` in a scratch worktree and stamps it there. What conflicts stays out. */
export async function restack(checkout: Checkout, landing: Landing, tip: string, on: StateDocument): Promise<Restacked> {
  const { git } = checkout.repository;
  const folder = join(checkout.control, `land-${landing.turn_id}`);
  await removeWorktree(git, folder);
  await git.run(['worktree', 'add', '--detach', '--force', '--', folder, landing.work]);
  try {
    const opened = await openRepository(folder);
    if (!opened.ok) throw new Error(opened.failure.message);
    const scratch = opened.value;
    let failure: Failure | null = null;
    if (landing.work === landing.base) await scratch.git.run(['checkout', '--detach', '--force', tip]);
    else {
      const rebased = await scratch.git.attempt(['rebase', '--no-autostash', '--no-verify', '--empty=drop', '--onto', tip, landing.base]);
      if (rebased.code !== 0) {
        const files = [...(await readStatus(scratch.git)).dirty.values()].filter((entry) => entry.kind === 'unmerged').map((entry) => entry.path);
        await scratch.git.attempt(['rebase', '--abort']);
        await scratch.git.run(['checkout', '--detach', '--force', tip]);
        await keep(checkout, landing.turn_id, landing.work, landing.base);
        failure = conflict(landing, files);
      }
    }
    const work = (await scratch.git.run(['rev-parse', '--verify', 'HEAD'])).trim();
    const { document, message } = landing.restamp(on, work, failure);
    writeState(scratch.root, checkout.state_file, document, checkout.control);
    const tracked = (await scratch.git.run(['ls-files', '--', checkout.state_file])) !== '';
    const made = await commitPaths(scratch, { paths: [checkout.state_file], untracked: tracked ? [] : [checkout.state_file], message });
    return { head: made ?? work, document, failure };
  } finally {
    await removeWorktree(git, folder);
  }
}

async function removeWorktree(git: Git, folder: string): Promise<void> {
  await git.attempt(['worktree', 'remove', '--force', '--force', '--', folder]);
  rmSync(folder, { recursive: true, force: true });
  await git.attempt(['worktree', 'prune']);
}

/** One try at the remote must not hold up an end for longer. Milliseconds. */
const RESCUE_MS = 20_000;

/** Keeps a commit under the turn's rescue ref, here and, unless it holds a secret, with one try on the remote. Gives the ref. */
export async function keep({ repository: { git }, remote }: Checkout, name: string, commit: string, base: string): Promise<string> {
  let ref = rescueRef(name);
  for (let n = 2; ; n++) {
    const there = await resolveCommit(git, ref);
    if (there === commit) break;
    if (there === null && (await git.attempt(['update-ref', '-m', 'orchestrator: kept', ref, commit, ''])).code === 0) break;
    ref = rescueRef(`${name}-${n}`);
  }
  if ((await secretsIn(git, commit, [base])).length === 0) await pushAll(git, remote, [{ from: commit, to: ref }], { timeout_ms: RESCUE_MS }).catch(() => undefined);
  return ref;
}

/** A commit of uncommitted paths on top of HEAD, made beside the index. */
export async function commitAside({ repository: { git }, control }: Checkout, paths: readonly string[], message: string): Promise<string> {
  const env = { GIT_INDEX_FILE: join(control, 'aside.index') };
  try {
    await git.run(['read-tree', 'HEAD'], { env });
    await git.run(['add', '--all', '--force', '--verbose', '--pathspec-from-file=-', '--pathspec-file-nul'], { env, input: paths.map((path) => `${path}\0`).join('') });
    const tree = (await git.run(['write-tree'], { env })).trim();
    return (await git.run(['commit-tree', tree, '-p', 'HEAD', '-F', '-'], { input: message })).trim();
  } finally {
    rmSync(env.GIT_INDEX_FILE, { force: true });
  }
}

/**
 * Brings the checkout's branch to `tip` without touching anything uncommitted that is a person's. A leftover of the loop
 * that is in the way is kept as a rescue ref first. Failure `in_the_way` names a person's files: the branch stays then.
 */
export async function follow(checkout: Checkout, tip: string, person: ReadonlySet<string>, name: string): Promise<Result<void>> {
  const { git } = checkout.repository;
  if ((await checkedOutCommit(checkout.repository)) === tip) return ok(undefined);
  const status = await readStatus(git);
  // Git overwrites what it ignores; an ignored file here is a person's all the same.
  const added = (await git.run(['diff', '--name-only', '--no-renames', '--diff-filter=A', '-z', 'HEAD', tip])).split('\0').filter((path) => path !== '');
  const ignored = added.filter((path) => path !== checkout.state_file && !status.dirty.has(path) && existsSync(join(checkout.repository.root, path)));
  if (ignored.length > 0) return fail(notFollowed(checkout, ignored, ''));
  const moved = await git.attempt(['reset', '--keep', tip]);
  if (moved.code === 0) return ok(undefined);
  const changed = new Set((await git.run(['diff', '--name-only', '--no-renames', '-z', 'HEAD', tip])).split('\0'));
  // A folder may stand where a file is to come, and the other way round.
  const meets = (path: string): boolean => changed.has(path) || [...changed].some((other) => other !== '' && (path.startsWith(`${other}/`) || other.startsWith(`${path}/`)));
  const inTheWay = [...status.dirty.values()].filter((entry) => entry.path !== checkout.state_file && meets(entry.path));
  const theirs = inTheWay.filter((entry) => person.has(entry.path)).map((entry) => entry.path);
  if (theirs.length > 0 || inTheWay.length === 0) return fail(notFollowed(checkout, theirs, moved.stderr));
  const paths = inTheWay.map((entry) => entry.path);
  await keep(checkout, `${name}-leftover`, await commitAside(checkout, paths, 'orchestrator: left over, and in the way of what others pushed\n'), 'HEAD');
  const tracked = inTheWay.filter((entry) => entry.kind !== 'untracked').map((entry) => entry.path);
  if (tracked.length > 0) await git.run(['checkout', '--force', 'HEAD', '--', ...tracked]);
  for (const entry of inTheWay) if (entry.kind === 'untracked') rmSync(join(checkout.repository.root, entry.path), { recursive: true, force: true });
  const again = await git.attempt(['reset', '--keep', tip]);
  return again.code === 0 ? ok(undefined) : fail(notFollowed(checkout, paths, again.stderr));
}

/** What looks like a secret in the commits that `head` adds to `known`, as `path (rule)`. */
export async function secretsIn(git: Git, head: string, known: readonly string[]): Promise<string[]> {
  const added = await addedLines(git, null, head, known);
  return [...added].flatMap(([path, lines]) => findSecrets(lines).slice(0, 1).map((secret) => `${path} (${secret.rule})`));
}

const conflict = (landing: Landing, files: readonly string[]): Failure => ({
  code: 'rebase_conflict',
  kind: 'failed',
  message: `Others changed ${files.slice(0, 5).join(', ') || 'the same lines'} on the branch meanwhile, so that the work of ${landing.actor}'s turn does not fit. None of it landed; it is kept as ${rescueRef(landing.turn_id)}.`,
  hint: `orchestrator rescue show ${landing.turn_id}; run again to repeat the turn on what is there now.`,
  details: { files: [...files] },
});

const notFollowed = ({ branch }: Checkout, files: readonly string[], words: string): Failure => ({
  code: 'in_the_way',
  kind: 'precondition',
  message: files.length === 0 ? `The checkout could not be brought to the remote's ${branch}: ${words.trim().split('\n')[0] ?? ''}` : `Uncommitted changes of yours are in the way of what others pushed to ${branch}: ${files.slice(0, 10).join(', ')}. Nothing of yours was touched; the turn itself is on the remote.`,
  hint: 'Commit or stash them, bring the branch up to date (git pull --rebase), then run again.',
  details: { paths: [...files] },
});
