import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { halfDone } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import type { WorkTreeStatus } from '../git/status.ts';

/** What must hold before a run does anything. All failures here are preconditions (exit 5) and change nothing. */

const precondition = (code: string, message: string, hint: string, details?: Record<string, unknown>): Failure => ({
  code,
  kind: 'precondition',
  message,
  hint,
  ...(details === undefined ? {} : { details }),
});

/** The branch that a run works on, once the checkout is fit for it. */
export async function checkBranch(repository: Repository, status: WorkTreeStatus, wanted: string | null): Promise<Result<string>> {
  const operation = halfDone(repository.gitDirectory);
  if (operation !== null && operation !== 'bisect') {
    return fail(precondition('half_done', `A ${operation} is half done in ${repository.root}.`, `Finish it or take it back (git ${operation} --abort), then run again.`));
  }
  const locked = await indexLock(repository);
  if (locked !== null) {
    return fail(precondition('git_locked', `Another git command is at work in ${repository.root}, or one died there: ${locked} exists.`, 'Wait for it; if none is at work, remove that file (orchestrator doctor --fix does).', { file: locked }));
  }
  if (status.branch === null) {
    return fail(precondition('detached_head', `HEAD is detached in ${repository.root}; turns need a branch to commit on.`, 'git switch <branch>'));
  }
  if (wanted !== null && wanted !== status.branch) {
    return fail(precondition('wrong_branch', `The checkout is on ${status.branch}, but the run is meant for ${wanted}.`, `git switch ${wanted}, or leave out --branch.`, { branch: status.branch, wanted }));
  }
  if (status.head === null) {
    return fail(precondition('unborn_branch', `The branch ${status.branch} has no commit yet.`, 'Make a first commit: git commit --allow-empty -m "start"'));
  }
  return ok(status.branch);
}

/** Git's lock on the index, which a git command that was killed leaves behind; null when there is none. */
export async function indexLock(repository: Repository): Promise<string | null> {
  const file = join(repository.gitDirectory, 'index.lock');
  return (await lstat(file).catch(() => null)) === null ? null : file;
}

/** Refuses tracked files that are dirty and the person's own, unless they are allowed. Untracked ones always are. */
export function checkDirt(status: WorkTreeStatus, person: ReadonlySet<string>, allowed: boolean): Failure | null {
  const tracked = [...person].filter((path) => {
    const entry = status.dirty.get(path);
    return entry !== undefined && (entry.kind === 'tracked' || entry.kind === 'unmerged' || (entry.kind === 'submodule' && entry.staged));
  });
  if (tracked.length === 0 || allowed) return null;
  const shown = tracked.slice(0, 10).join(', ');
  return precondition(
    'dirty_tree',
    `${tracked.length} tracked ${tracked.length === 1 ? 'file has' : 'files have'} uncommitted changes: ${shown}${tracked.length > 10 ? ', …' : ''}.`,
    'Commit or stash them, or run with --allow-dirty: they are then left alone and never committed by a turn.',
    { paths: tracked },
  );
}

/** Refuses a state file that git ignores: it could never be committed, and the loop would forget whose turn it is. */
export async function stateIgnored({ git }: Repository, file: string): Promise<Failure | null> {
  if ((await git.run(['ls-files', '--', file])) !== '') return null;
  if ((await git.attempt(['check-ignore', '--verbose', '--', file])).code !== 0) return null;
  return precondition('state_ignored', `${file} is ignored by git, so no turn's state could be committed.`, `Take it out of .gitignore, set state_file, or run with --no-commit.`, { file });
}
