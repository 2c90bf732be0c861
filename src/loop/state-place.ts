import { lstat, mkdir, realpath, rename } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { newId } from '../base/ids.ts';

/**
 * Makes the state file's place fit for writing: its folders are real folders inside the checkout, and nothing but a
 * regular file stands in its own place. What else stands there (a link that would lead the write elsewhere, a folder) is
 * moved aside into `.git/orchestrator`, never deleted. Gives what was moved, for a warning.
 */
export async function clearStatePlace(root: string, file: string, control: string): Promise<string[]> {
  const moved: string[] = [];
  const parts = file.split('/');
  for (let length = 1; length <= parts.length; length++) {
    const path = join(root, ...parts.slice(0, length));
    const entry = await lstat(path).catch(() => null);
    if (entry === null) continue;
    const fits = length === parts.length ? entry.isFile() : entry.isDirectory();
    if (fits) continue;
    await mkdir(control, { recursive: true });
    await rename(path, join(control, newId('turn', new Date()).replace('turn_', 'displaced_')));
    moved.push(parts.slice(0, length).join('/'));
  }
  const folder = dirname(join(root, file));
  await mkdir(folder, { recursive: true });
  if (!`${await realpath(folder)}${sep}`.startsWith(`${await realpath(root)}${sep}`)) throw new Error(`${file} leads out of the checkout`);
  return moved;
}
