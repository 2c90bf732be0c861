import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import type { Git } from '../git/git.ts';
import { readStatus } from '../git/status.ts';
import type { DirtyPath } from '../git/status.ts';

/** The checkout at one moment, with a mark of each dirty file that changes whenever the file does. */
export interface Snapshot {
  readonly head: string | null;
  readonly branch: string | null;
  readonly dirty: ReadonlyMap<string, DirtyPath>;
  readonly marks: ReadonlyMap<string, string>;
}

/** Takes a snapshot: one git process and one `lstat` a dirty path. */
export async function takeSnapshot(git: Git, root: string): Promise<Snapshot> {
  // Passive: a commit follows that writes the index anyway, so that git need not write it here too.
  const status = await readStatus(git, { passive: true });
  const marks = new Map<string, string>();
  const paths = [...status.dirty.keys()];
  // In slices: a folder of a hundred thousand untracked files must not keep everything else waiting.
  for (let at = 0; at < paths.length; at += 256) {
    const slice = paths.slice(at, at + 256);
    for (const path of slice) marks.set(path, `${markOf(join(root, path))}${status.dirty.get(path)?.staged === true ? '+' : ''}`);
    if (at + 256 < paths.length) await breath();
  }
  return { ...status, marks };
}

/** Size, mode and times of a file; changes with its content, and costs no read. */
function markOf(path: string): string {
  try {
    const file = lstatSync(path, { bigint: true });
    return `${file.mode}:${file.size}:${file.mtimeNs}:${file.ctimeNs}:${file.ino}`;
  } catch {
    return 'absent';
  }
}
