import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { replaceFile } from '../../base/replace-file.ts';
import { isAlive } from '../../process/identity.ts';
import type { DaemonPlaces } from './places.ts';

/** What a daemon writes down of itself once it can be reached. */
export const DaemonRecord = z.object({
  pid: z.number().int().positive(),
  /** Tells it from a later process of the same number. */
  identity: z.string().nullable(),
  /** Absolute; a copy of the folder has no daemon of its own. */
  workspace: z.string(),
  host: z.string(),
  port: z.number().int(),
  url: z.string(),
  version: z.string(),
  started_at: z.string(),
});
export type DaemonRecord = z.infer<typeof DaemonRecord>;

/** The daemon of a workspace; null where none runs, whatever an ended one left behind. */
export function runningDaemon(places: DaemonPlaces, workspace: string): DaemonRecord | null {
  const record = readRecord(places);
  return record !== null && record.workspace === workspace && isAlive(record.pid, record.identity) ? record : null;
}

export function writeRecord(places: DaemonPlaces, record: DaemonRecord): void {
  replaceFile(places.record, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

/** Removes the record of this process; another one's stays. */
export function removeRecord(places: DaemonPlaces): void {
  if (readRecord(places)?.pid === process.pid) rmSync(places.record, { force: true });
}

function readRecord(places: DaemonPlaces): DaemonRecord | null {
  try {
    return DaemonRecord.safeParse(JSON.parse(readFileSync(places.record, 'utf8'))).data ?? null;
  } catch {
    // Not there, or rubbish: nobody who could be reached.
    return null;
  }
}
