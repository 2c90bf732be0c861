import type { Git, GitCall } from './git.ts';
import { gitFailed } from './git.ts';
import { checkedOutCommit } from './head.ts';
import type { Repository } from './repository.ts';
import { COMMIT } from './usual-calls.ts';

/** A commit of exactly these paths, whatever else is staged or dirty. */
export interface ScopedCommit {
  /** Relative to the checkout's top; modified, added and deleted files alike. */
  readonly paths: readonly string[];
  /** The paths among them that git does not track yet. */
  readonly untracked: readonly string[];
  readonly message: string;
  /** Nothing but these paths is staged: the index itself can be committed, which spares git a second one (about 1 ms). */
  readonly nothing_else_staged?: boolean;
}

/**
 * Commits the working tree's content of exactly `paths` onto HEAD and gives the new commit's id; null when they are as
 * HEAD has them. What somebody staged beside them stays staged and stays out. Ignored files are refused by git. Source: git-commit(1), `--only`, `--include`.
 */
export async function commitPaths(repository: Pick<Repository, 'git' | 'gitDirectory' | 'commonDirectory'>, commit: ScopedCommit): Promise<string | null> {
  const { git } = repository;
  if (commit.untracked.length > 0) {
    // --verbose, because simple-git waits 50 ms after a command that said nothing.
    const added = pathArguments(commit.untracked);
    await git.run(['add', '--verbose', ...added.args], added.call);
  }
  const { args: paths, call } = pathArguments(commit.paths);
  const scope = commit.nothing_else_staged === true ? '--include' : '--only';
  // Only simple-git needs a word of the commit to tell that it is done (it waits 50 ms otherwise); git looks up a summary for it.
  const args = [...(git.isReady() ? COMMIT : COMMIT.filter((word) => word !== '--quiet')), scope, '-m', commit.message, ...paths];
  const output = await git.attempt(args, call);
  if (output.code !== 0) {
    const unchanged = await git.attempt(['diff', '--quiet', 'HEAD', '--', ...commit.paths.slice(0, 1000)]);
    if (unchanged.code === 0) return null;
    throw gitFailed(git.directory, args, output);
  }
  return await checkedOutCommit(repository);
}

/** Paths as arguments while they are few; else on standard input, as an argv has an end. */
function pathArguments(paths: readonly string[]): { readonly args: readonly string[]; readonly call: GitCall } {
  if (paths.length <= 100) return { args: ['--', ...paths], call: {} };
  return { args: ['--pathspec-from-file=-', '--pathspec-file-nul'], call: { input: paths.map((path) => `${path}\0`).join('') } };
}

/** A commit of one file onto a branch that may not be the one checked out. */
export interface BranchCommit {
  readonly branch: string;
  /** Relative to the checkout's top. */
  readonly path: string;
  readonly content: string;
  readonly message: string;
  /** Where a scratch index may be put. */
  readonly scratchIndex: string;
}

/**
 * Commits one file onto the tip of `branch` without touching the working tree or its index; compare-and-swap on the
 * ref. For when the checkout itself must be left as it is. Gives the commit.
 */
export async function commitFileOnBranch(git: Git, commit: BranchCommit): Promise<string> {
  const ref = `refs/heads/${commit.branch}`;
  const tip = (await git.run(['rev-parse', '--verify', ref])).trim();
  const blob = (await git.run(['hash-object', '-w', '--stdin'], { input: commit.content })).trim();
  const env = { GIT_INDEX_FILE: commit.scratchIndex };
  await git.run(['read-tree', tip], { env });
  await git.run(['update-index', '--add', '--cacheinfo', `100644,${blob},${commit.path}`], { env });
  const tree = (await git.run(['write-tree'], { env })).trim();
  const made = (await git.run(['commit-tree', tree, '-p', tip, '-F', '-'], { input: commit.message })).trim();
  await git.run(['update-ref', '-m', 'orchestrator: state', ref, made, tip]);
  return made;
}

/**
 * Commits the working tree's content of `paths` on top of HEAD, and moves nothing: no branch, no index, whatever stands half
 * done in the checkout. Gives the commit, which nothing refers to yet. `scratchIndex`: where an index may be put.
 */
export async function commitAside(git: Git, commit: { readonly paths: readonly string[]; readonly message: string; readonly scratchIndex: string }): Promise<string> {
  const env = { GIT_INDEX_FILE: commit.scratchIndex };
  await git.run(['read-tree', 'HEAD'], { env });
  await git.run(['add', '--all', '--verbose', '--pathspec-from-file=-', '--pathspec-file-nul'], { env, input: commit.paths.map((path) => `${path}\0`).join('') });
  const tree = (await git.run(['write-tree'], { env })).trim();
  return (await git.run(['commit-tree', tree, '-p', 'HEAD', '-F', '-'], { input: commit.message })).trim();
}
