import type { Git } from './git.ts';
import { STATUS } from './usual-calls.ts';

/** One path that differs from HEAD. */
export interface DirtyPath {
  /** Relative to the checkout's top, `/` between parts. A folder (trailing `/` cut) only for a nested repository. */
  readonly path: string;
  readonly kind: 'tracked' | 'untracked' | 'unmerged' | 'submodule' | 'nested-repository';
  /** The file is gone from the working tree. */
  readonly deleted: boolean;
  /** The index differs from HEAD. */
  readonly staged: boolean;
}

/** The checkout at one moment. */
export interface WorkTreeStatus {
  /** HEAD's commit; null on an unborn branch. */
  readonly head: string | null;
  /** Branch checked out; null when HEAD is detached. */
  readonly branch: string | null;
  readonly dirty: ReadonlyMap<string, DirtyPath>;
}

/** Reads the checkout with one git process. Ignored files are not listed; renames are a deletion and an addition. */
export async function readStatus(git: Git, options: { readonly passive?: boolean; readonly tracked_only?: boolean } = {}): Promise<WorkTreeStatus> {
  const args = [...STATUS, `--untracked-files=${options.tracked_only === true ? 'no' : 'all'}`];
  return parseStatus(await git.run(args, { passive: options.passive === true }));
}

/** Parses `git status --porcelain=v2 -z --branch` (git-status(1), "Porcelain Format Version 2"). */
export function parseStatus(text: string): WorkTreeStatus {
  let head: string | null = null;
  let branch: string | null = null;
  const dirty = new Map<string, DirtyPath>();
  const add = (entry: DirtyPath): void => void dirty.set(entry.path, entry);
  for (const line of text.split('\0')) {
    if (line.startsWith('# branch.oid ')) head = line.endsWith('(initial)') ? null : line.slice(13);
    else if (line.startsWith('# branch.head ')) branch = line.endsWith('(detached)') ? null : line.slice(14);
    else if (line.startsWith('1 ')) {
      const xy = line.slice(2, 4);
      const fields = line.split(' ', 6);
      // Added to the index, then removed from the disk: no difference to HEAD is left.
      if (fields[3] === '000000' && fields[5] === '000000') continue;
      add({
        path: afterFields(line, 8),
        kind: line[5] === 'S' ? 'submodule' : 'tracked',
        deleted: xy[1] === 'D' || (xy[0] === 'D' && xy[1] === '.'),
        staged: xy[0] !== '.',
      });
    } else if (line.startsWith('u ')) add({ path: afterFields(line, 10), kind: 'unmerged', deleted: false, staged: true });
    else if (line.startsWith('? ')) {
      const path = line.slice(2);
      const nested = path.endsWith('/');
      add({ path: nested ? path.slice(0, -1) : path, kind: nested ? 'nested-repository' : 'untracked', deleted: false, staged: false });
    }
  }
  return { head, branch, dirty };
}

/** What stands after `count` fields, which are separated by single blanks; a path may hold blanks itself. */
function afterFields(line: string, count: number): string {
  let at = 0;
  for (let n = 0; n < count; n++) at = line.indexOf(' ', at) + 1;
  return line.slice(at);
}
