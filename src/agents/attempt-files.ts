import { lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The files of the attempt at work, in a folder that one attempt after another uses. They are emptied and written again
 * rather than made anew: on some file systems making a file costs as much as a short git command.
 */

/** The wrapper's pid and the agent's exit status. */
export const statusFile = (scratch: string): string => join(scratch, 'status');

/** The bytes of the agent's stdin. */
export const promptFile = (scratch: string): string => join(scratch, 'prompt');

/** Nothing of an earlier attempt may be taken for this one's: to be called before the journal names this one. */
export function resetAttempt(scratch: string): void {
  writeFileSync(statusFile(scratch), '', { mode: 0o600 });
}

/** Writes the files of a command and makes its links, in place of those of an earlier call. */
export function placeFiles({ files = {}, links = {} }: { readonly files?: Readonly<Record<string, string>>; readonly links?: Readonly<Record<string, string>> }): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, content, { mode: 0o600 });
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // A folder has things in it from a time when there was nothing to lead to.
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) continue;
    rmSync(path, { force: true });
    symlinkSync(target, path);
  }
}
