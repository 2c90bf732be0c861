import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Git } from './git.ts';
import { gitFailed, openGit } from './git.ts';
import { commitIdentity } from './identity.ts';
import type { Repository } from './repository.ts';

/** Linked worktrees of a repository. Source: git-worktree(1). */

export interface Worktree {
  readonly path: string;
  readonly head: string | null;
  /** Null when its HEAD is detached. */
  readonly branch: string | null;
  /** Its folder is gone. */
  readonly prunable: boolean;
  readonly bare: boolean;
}

export async function listWorktrees(git: Git): Promise<Worktree[]> {
  const text = await git.run(['worktree', 'list', '--porcelain', '-z']);
  return text.split('\0\0').filter((block) => block !== '').map((block) => {
    const fields = new Map(block.split('\0').filter((line) => line !== '').map((line): [string, string] => {
      const blank = line.indexOf(' ');
      return blank < 0 ? [line, ''] : [line.slice(0, blank), line.slice(blank + 1)];
    }));
    return { path: fields.get('worktree') ?? '', head: fields.get('HEAD') ?? null, branch: fields.get('branch')?.replace(/^refs\/heads\//, '') ?? null, prunable: fields.has('prunable'), bare: fields.has('bare') };
  });
}

/** One change of the list of worktrees at a time: git's own bookkeeping of them is not made for several. By common directory. */
const lines = new Map<string, Promise<unknown>>();

async function inLine<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = lines.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  const settled = mine.catch(() => undefined);
  lines.set(key, settled);
  try {
    return await mine;
  } finally {
    if (lines.get(key) === settled) lines.delete(key);
  }
}

/** Makes a worktree at `path`: on `branch` (made at `start` where there is none), or detached at `start`. */
export async function addWorktree({ git, commonDirectory }: Pick<Repository, 'git' | 'commonDirectory'>, at: { readonly path: string; readonly branch: string | null; readonly start: string; readonly exists: boolean }): Promise<void> {
  const how = at.branch === null ? ['--detach', at.path, at.start] : at.exists ? [at.path, at.branch] : ['--no-track', '-b', at.branch, at.path, at.start];
  await inLine(commonDirectory, () => git.run(['worktree', 'add', ...how]));
}

/** Takes a worktree away with all that is in it. One whose folder is gone is only forgotten. */
export async function removeWorktree({ git, commonDirectory }: Pick<Repository, 'git' | 'commonDirectory'>, path: string): Promise<void> {
  await inLine(commonDirectory, async () => {
    const args = ['worktree', 'remove', '--force', '--force', path];
    const output = await git.attempt(args);
    if (output.code === 0) return;
    await git.attempt(['worktree', 'prune', '--expire=now']);
    if ((await listWorktrees(git)).some((each) => each.path === path)) throw gitFailed(git.directory, args, output);
  });
}

/** Git in a linked worktree, known from where it stands; where `env` names whom commits are by, no git is asked. */
export async function openWorktree(repository: Pick<Repository, 'commonDirectory' | 'git'>, path: string, env: Readonly<Record<string, string>> = {}): Promise<Repository | null> {
  const root = await realpath(path).catch(() => null);
  if (root === null || !existsSync(join(root, '.git'))) return null;
  // What git writes there; anything else is no worktree of ours.
  const named = /^gitdir: (.+)\n?$/.exec(await readFile(join(root, '.git'), 'utf8').catch(() => ''))?.[1];
  const gitDirectory = named === undefined ? null : await realpath(resolve(root, named)).catch(() => null);
  const { commonDirectory } = repository;
  if (gitDirectory === null) return null;
  // A `.git` that leads elsewhere is no worktree of this repository.
  if (dirname(gitDirectory) !== join(commonDirectory, 'worktrees')) return null;
  return { root, gitDirectory, commonDirectory, git: openGit(root, { ...(env['GIT_AUTHOR_NAME'] === undefined ? await commitIdentity(root) : {}), ...env, GIT_DIR: gitDirectory, GIT_COMMON_DIR: commonDirectory, GIT_WORK_TREE: root }) };
}
