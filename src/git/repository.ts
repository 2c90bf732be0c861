import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { openGit } from './git.ts';
import type { Git } from './git.ts';
import { commitIdentity } from './identity.ts';

/** Where a checkout and its git folders are; absolute, links resolved. */
export interface Repository {
  /** Top folder of the checkout. */
  readonly root: string;
  /** This checkout's own git folder (differs from `commonDirectory` in a linked worktree). */
  readonly gitDirectory: string;
  readonly commonDirectory: string;
  /** Git in the checkout, with an identity for our commits. */
  readonly git: Git;
}

/**
 * The repository that `directory` belongs to. Failures: `not_a_repository` (precondition), `bare_repository`
 * (precondition), `git_missing` (precondition). `env`: further environment of every git call.
 */
export async function openRepository(directory: string, env: Readonly<Record<string, string>> = {}): Promise<Result<Repository>> {
  const from = openGit(directory, env);
  let output;
  try {
    output = await from.attempt(['rev-parse', '--is-inside-work-tree', '--show-toplevel', '--absolute-git-dir', '--git-common-dir']);
  } catch (error) {
    return fail({
      code: 'git_missing',
      kind: 'precondition',
      message: `git could not be started in ${directory}: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'Install git 2.38 or newer and make sure that it is on PATH.',
    });
  }
  const [inside, top, own, common] = output.stdout.split('\n');
  if (output.code !== 0 || inside !== 'true' || !top || !own || !common) {
    const bare = inside === 'false';
    return fail({
      code: bare ? 'bare_repository' : 'not_a_repository',
      kind: 'precondition',
      message: bare ? `${directory} is a bare repository or a .git folder; agents need a working copy.` : `${directory} is not inside a git repository.`,
      hint: bare ? 'Run this in a clone of it.' : 'Run `git init` there, or name another folder with -C.',
    });
  }
  const root = await realpath(top);
  const gitDirectory = await realpath(own);
  const commonDirectory = await realpath(resolve(directory, common));
  return ok({
    root,
    gitDirectory,
    commonDirectory,
    // Pinned, so that no later change of core.worktree or of the identity can lead our calls elsewhere.
    git: openGit(root, { ...env, ...(await commitIdentity(root)), GIT_DIR: gitDirectory, GIT_COMMON_DIR: commonDirectory, GIT_WORK_TREE: root }),
  });
}

/** An operation of git that stands half done in the checkout. */
export type HalfDone = 'merge' | 'rebase' | 'cherry-pick' | 'revert' | 'bisect';

const MARKS: readonly (readonly [file: string, operation: HalfDone])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
];

/** The half-done operation of the checkout, or null. Reads marks on disk; starts nothing. */
export function halfDone(gitDirectory: string): HalfDone | null {
  return MARKS.find(([file]) => existsSync(join(gitDirectory, file)))?.[1] ?? null;
}
