import { lstatSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { newId } from '../base/ids.ts';

/**
 * Makes the state file's place fit for writing: its folders are real folders inside the checkout, and nothing but a
 * regular file stands in its own place. What else stands there (a link that would lead the write elsewhere, a folder) is
 * moved aside into `.git/orchestrator`, never deleted. Gives what was moved, for a warning.
 */
export function clearStatePlace(root: string, file: string, control: string): string[] {
  const moved: string[] = [];
  const parts = file.split('/');
  for (let length = 1; length <= parts.length; length++) {
    const path = join(root, ...parts.slice(0, length));
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined) continue;
    const fits = length === parts.length ? entry.isFile() : entry.isDirectory();
    if (fits) continue;
    mkdirSync(control, { recursive: true });
    renameSync(path, join(control, newId('turn', new Date()).replace('turn_', 'displaced_')));
    moved.push(parts.slice(0, length).join('/'));
  }
  const folder = dirname(join(root, file));
  mkdirSync(folder, { recursive: true });
  if (!`${realpathSync(folder)}${sep}`.startsWith(`${realpathSync(root)}${sep}`)) throw new Error(`${file} leads out of the checkout`);
  return moved;
}
