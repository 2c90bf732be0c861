import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../base/failure.ts';
import { findSecrets } from '../base/secrets.ts';
import { commitPaths } from '../git/commit.ts';
import type { Git } from '../git/git.ts';
import { addedLines, isAncestor, resolveCommit } from '../git/history.ts';
import { pushAll } from '../git/push.ts';
import { openRepository } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import { readStatus } from '../git/status.ts';
import { rescueRef, writeState } from '../loop/contract.ts';
import type { Landing, StateDocument } from '../loop/contract.ts';
import { unfit } from './failures.ts';

/** The git side of a hand-off: work brought onto another tip, or kept where it cannot land. */

export interface Checkout {
  readonly repository: Repository;
  readonly remote: string;
  readonly branch: string;
  readonly state_file: string;
  /** `.git/orchestrator`. */
  readonly control: string;
  /** Tells a person what was done on the way. */
  readonly warn: (message: string) => void;
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
    else if (!(await isAncestor(git, tip, landing.work))) {
      // What the agent pulled from the branch is there already; only after a rewrite of the branch is the turn's base the better end.
      const from = (await isAncestor(git, landing.base, tip)) ? tip : landing.base;
      const rebased = await scratch.git.attempt(['rebase', '--no-autostash', '--no-verify', '--empty=drop', '--onto', tip, from]);
      if (rebased.code !== 0) {
        const files = [...(await readStatus(scratch.git)).dirty.values()].filter((entry) => entry.kind === 'unmerged').map((entry) => entry.path);
        await scratch.git.attempt(['rebase', '--abort']);
        await scratch.git.run(['checkout', '--detach', '--force', tip]);
        failure = unfit(landing, await keep(checkout, landing.turn_id, landing.work, landing.base), files);
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

/** What looks like a secret in the commits that `head` adds to `known`, as `path (rule)`. */
export async function secretsIn(git: Git, head: string, known: readonly string[]): Promise<string[]> {
  const added = await addedLines(git, null, head, known);
  return [...added].flatMap(([path, lines]) => findSecrets(lines).slice(0, 1).map((secret) => `${path} (${secret.rule})`));
}
