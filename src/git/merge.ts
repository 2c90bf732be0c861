import type { Git } from './git.ts';
import { gitFailed } from './git.ts';

/** Merges that touch neither a working tree nor an index. Source: git-merge-tree(1), git-commit-tree(1), git-update-ref(1). */

export interface MergedTree {
  readonly clean: boolean;
  readonly tree: string;
  /** Paths in conflict, sorted; none where it is clean. */
  readonly files: readonly string[];
}

/** Merges two commits in memory. Both must have a common ancestor. */
export async function mergeTree(git: Git, ours: string, theirs: string): Promise<MergedTree> {
  const args = ['merge-tree', '--write-tree', '--no-messages', '--name-only', '-z', ours, theirs];
  const output = await git.attempt(args);
  if (output.code !== 0 && output.code !== 1) throw gitFailed(git.directory, args, output);
  const [tree = '', ...files] = output.stdout.split('\0').filter((field) => field !== '');
  return { clean: output.code === 0, tree: tree.trim(), files: output.code === 0 ? [] : [...new Set(files)].toSorted() };
}

/** Makes a commit of a tree and gives its id. */
export async function commitTree(git: Git, tree: string, parents: readonly string[], message: string): Promise<string> {
  return (await git.run(['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-F', '-'], { input: message })).trim();
}

/** Moves a ref from `old` (null: it must not be there) to `to` (null: away). False when somebody else moved it. */
export async function moveRef(git: Git, ref: string, to: string | null, old: string | null, why: string): Promise<boolean> {
  const args = to === null ? ['update-ref', '-m', why, '-d', ref, ...(old === null ? [] : [old])] : ['update-ref', '-m', why, ref, to, old ?? ''];
  return (await git.attempt(args)).code === 0;
}
