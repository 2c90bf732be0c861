import { lstatSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Repository } from './repository.ts';

/** An argv has an end. */
const SLICE = 200;

/**
 * What lies where these paths (relative to the top) are to be made and is not tracked, ignored or not: the path itself, a
 * folder in a file's place, or a file where a folder must be. Nothing of it may be overwritten without a word, as git does
 * with what it ignores.
 */
export async function untrackedAt({ git, root }: Pick<Repository, 'git' | 'root'>, paths: Iterable<string>): Promise<string[]> {
  const there = new Set<string>();
  for (const path of paths) {
    if (look(join(root, path)) !== null) there.add(path);
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      if (look(join(root, folder))?.isDirectory() === false) there.add(folder);
    }
  }
  const found = [...there];
  const tracked: string[] = [];
  for (let at = 0; at < found.length; at += SLICE) tracked.push(...(await git.run(['ls-files', '-z', '--', ...found.slice(at, at + SLICE)])).split('\0'));
  return found.filter((path) => !tracked.some((each) => each === path || each.startsWith(`${path}/`)));
}

/** Of untracked paths, the files in or at them that git ignores. */
export async function ignoredIn({ git }: Pick<Repository, 'git'>, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; at < paths.length; at += SLICE) found.push(...(await git.run(['ls-files', '--others', '--ignored', '--exclude-standard', '-z', '--', ...paths.slice(at, at + SLICE)])).split('\0'));
  return found.filter((path) => path !== '');
}

function look(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
