import { accessSync, constants, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crashPoint } from '../base/crash-point.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { replaceFile } from '../base/replace-file.ts';
import { commitFileOnBranch, commitPaths } from '../git/commit.ts';
import type { Git } from '../git/git.ts';
import type { Repository } from '../git/repository.ts';
import { readAgentFile } from './agent-file.ts';
import { clearStatePlace } from './state-place.ts';
import { formatState, freshState, parseState } from './state.ts';
import type { StateDocument } from './state.ts';

/** The state file of a checkout: reading it, and the one way it is written and committed. */

/** Reads the state; a missing file is a fresh one. `text` is null then. */
export function readState(root: string, file: string): Result<StateDocument & { readonly text: string | null }> {
  const read = readAgentFile(join(root, file));
  if (!read.ok) return fail({ code: 'state_invalid', kind: 'invalid', message: `${file} cannot be used: ${read.failure.message}. It was left as it is.`, hint: 'Take back the last good version: orchestrator state restore' });
  if (read.value === null) return ok({ ...freshState(), text: null });
  const text = read.value;
  const parsed = parseState(text, file);
  return parsed.ok ? ok({ ...parsed.value, text }) : parsed;
}

/** Why the state file could not be written here later, when an agent has been paid; null when it can. */
export function stateUnwritable(root: string, file: string): Failure | null {
  const folder = dirname(join(root, file));
  try {
    if (existsSync(folder)) accessSync(folder, constants.W_OK);
    return null;
  } catch (error) {
    return {
      code: 'state_unwritable',
      kind: 'precondition',
      message: `${folder} cannot be written to (${(error as NodeJS.ErrnoException).code ?? 'no reason given'}), so that no turn could be stamped. Nothing was started.`,
      hint: 'Make the folder writable for this user, or mount its file system for writing.',
    };
  }
}

/** Writes the state in one step. What stands in its place and is no file is moved aside into `control`; gives what was moved. */
export function writeState(root: string, file: string, document: StateDocument, control: string): string[] {
  const path = join(root, file);
  const moved = clearStatePlace(root, file, control);
  replaceFile(path, formatState(document));
  return moved;
}

/** Writes the state and, unless `message` is null, commits it: that file and nothing else. Gives the commit, if one was made. */
export async function stampState(repository: Repository, file: string, document: StateDocument, message: string | null, options: { readonly control: string; readonly tracked: boolean; readonly nothing_else_staged?: boolean }): Promise<string | null> {
  writeState(repository.root, file, document, options.control);
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
    writeState(root, file, document, at.scratch);
    await git.run(['update-index', '--add', '--', file]);
  }
  return true;
}
