import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync, backup } from 'node:sqlite';
import { dirname } from 'node:path';
import { backupsFolder, nextBackup, pruneBackups } from '../backups.ts';

/** Pages a step. Between two steps this process does other things. */
const PAGES = 512;

/** Copies a database that is in use: what was committed when it began, whatever is written meanwhile. */
export async function copyStore(file: string, at: Date): Promise<string> {
  const folder = backupsFolder(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = nextBackup(file, at);
  const draft = `${path}.part`;
  rmSync(draft, { force: true });
  closeSync(openSync(draft, 'wx', 0o600));
  const source = new DatabaseSync(file, { readOnly: true });
  try {
    // A snapshot that stands still; the copy would begin anew with every write otherwise.
    source.exec('begin; select count(*) from migrations');
    await backup(source, draft, { rate: PAGES });
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    source.close();
  }
  chmodSync(draft, 0o600);
  renameSync(draft, path);
  syncFolder(dirname(path));
  pruneBackups(file, path);
  return path;
}

/** The name outlives a power cut too. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
