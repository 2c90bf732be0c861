import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { crashPoint } from '../base/crash-point.ts';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { commitFileOnBranch, commitPaths } from '../git/commit.ts';
import type { Git } from '../git/git.ts';
import type { Repository } from '../git/repository.ts';
import { formatState, freshState, parseState } from './state.ts';
import type { StateDocument } from './state.ts';

/** The state file of a checkout: reading it, and the one way it is written and committed. */

/** Reads the state; a missing file is a fresh one. `text` is null then. */
export async function readState(root: string, file: string): Promise<Result<StateDocument & { readonly text: string | null }>> {
  let text: string;
  try {
    text = await readFile(join(root, file), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return ok({ ...freshState(), text: null });
    const why = error instanceof Error ? error.message : String(error);
    return fail({ code: 'state_invalid', kind: 'invalid', message: `${file} cannot be read: ${why}`, hint: 'Take back the last good version: orchestrator state restore' });
  }
  const parsed = parseState(text, file);
  return parsed.ok ? ok({ ...parsed.value, text }) : parsed;
}

export async function writeState(root: string, file: string, document: StateDocument): Promise<void> {
  const path = join(root, file);
  await mkdir(dirname(path), { recursive: true });
  writeFileAtomic.sync(path, formatState(document), { fsync: false });
}

/** Writes the state and, unless `message` is null, commits it: that file and nothing else. Gives the commit, if one was made. */
export async function stampState(repository: Repository, file: string, document: StateDocument, message: string | null, options: { readonly tracked: boolean; readonly nothing_else_staged?: boolean }): Promise<string | null> {
  await writeState(repository.root, file, document);
  crashPoint('state-stamped');
  if (message === null) return null;
  return await commitPaths(repository, { paths: [file], untracked: options.tracked ? [] : [file], message, nothing_else_staged: options.nothing_else_staged === true });
}

/**
 * Stamps a state when the checkout is not fit for a commit: the agent left its branch, or a merge half done. The branch
 * gets the commit without the working tree being touched; in a half-done merge, whose index still holds the old state,
 * the index learns the new one too, so that the merge does not take it back. Says whether it was stamped.
 */
export async function stampApart(
  git: Git,
  root: string,
  file: string,
  document: StateDocument,
  message: string,
  at: { readonly branch: string; readonly checkedOut: boolean; readonly rebasing: boolean; readonly scratch: string },
): Promise<boolean> {
  // A rebase puts the branch back where it began, or onto its result: a commit made now would be lost or in the way.
  if (at.rebasing) return false;
  const content = formatState(document);
  const scratchIndex = join(at.scratch, 'stamp.index');
  try {
    await commitFileOnBranch(git, { branch: at.branch, path: file, content, message, scratchIndex });
  } finally {
    await rm(scratchIndex, { force: true });
  }
  if (at.checkedOut) {
    await writeState(root, file, document);
    await git.run(['update-index', '--add', '--', file]);
  }
  return true;
}
