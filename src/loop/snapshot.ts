import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
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
  const status = await readStatus(git);
  const marks = new Map<string, string>();
  const paths = [...status.dirty.keys()];
  // In slices: a folder of a hundred thousand untracked files must not open that many requests at once.
  for (let at = 0; at < paths.length; at += 256) {
    const slice = paths.slice(at, at + 256);
    const found = await Promise.all(slice.map((path) => markOf(join(root, path))));
    slice.forEach((path, index) => marks.set(path, `${found[index] ?? ''}${status.dirty.get(path)?.staged === true ? '+' : ''}`));
  }
  return { ...status, marks };
}

/** Size, mode and times of a file; changes with its content, and costs no read. */
async function markOf(path: string): Promise<string> {
  try {
    const file = await lstat(path, { bigint: true });
    return `${file.mode}:${file.size}:${file.mtimeNs}:${file.ctimeNs}:${file.ino}`;
  } catch {
    return 'absent';
  }
}
