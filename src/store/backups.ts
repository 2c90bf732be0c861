import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { utcCompact } from '../base/clock.ts';

/** How many copies are kept. */
const KEPT = 5;

/** Their names sort by age. */
const NAME = /^state-\d{8}T\d{6}Z(_\d{2})?\.db$/;

export const backupsFolder = (file: string): string => join(dirname(file), 'backups');

/** Copies of a store, the oldest first; empty where there is none. */
export function listBackups(file: string): string[] {
  const folder = backupsFolder(file);
  try {
    return readdirSync(folder)
      .filter((name) => NAME.test(name))
      .toSorted()
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A name for the next copy. Several may be made within one second. */
export function nextBackup(file: string, at: Date): string {
  const path = join(backupsFolder(file), `state-${utcCompact(at)}`);
  const newest = listBackups(file).findLast((name) => name.startsWith(path));
  if (newest === undefined) return `${path}.db`;
  const number = Number(/_(\d{2})\.db$/.exec(newest)?.[1] ?? 1) + 1;
  return `${path}_${String(number).padStart(2, '0')}.db`;
}

/** Removes all but the newest copies; never the one just made, whatever the clock said of it. */
export function pruneBackups(file: string, made: string): void {
  const others = listBackups(file).filter((path) => path !== made);
  for (const path of others.slice(0, Math.max(0, others.length - KEPT + 1))) rmSync(path, { force: true });
}
