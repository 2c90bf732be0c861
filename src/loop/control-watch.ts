import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What steers git in this repository, each with a mark that changes with it: its configuration, attributes and hooks. */
export type ControlMarks = ReadonlyMap<string, string>;

/** Marks of `.git/config`, `.git/info/attributes` and the active hooks; reads files only. */
export function controlMarks(commonDirectory: string): ControlMarks {
  const marks = new Map<string, string>();
  for (const name of ['config', 'config.worktree', 'info/attributes', 'info/exclude']) {
    const facts = statSync(join(commonDirectory, name), { throwIfNoEntry: false });
    // Git replaces these files whole, so that a change gives a new inode even within one tick of the clock.
    if (facts !== undefined) marks.set(`.git/${name}`, `${facts.ino}:${facts.size}:${facts.mtimeMs}`);
  }
  const folder = join(commonDirectory, 'hooks');
  const hooks = existsSync(folder) ? readdirSync(folder) : [];
  for (const hook of hooks.filter((name) => !name.endsWith('.sample'))) {
    const facts = statSync(join(folder, hook), { throwIfNoEntry: false });
    if (facts !== undefined) marks.set(`.git/hooks/${hook}`, `${facts.size}:${facts.mtimeMs}:${facts.mode}`);
  }
  return marks;
}

/** The files whose mark differs, sorted. */
export function changedControls(before: ControlMarks, after: ControlMarks): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name)).toSorted();
}
