import { FailureError } from '../../base/failure.ts';
import type { Failure } from '../../base/failure.ts';
import { backupsFolder, listBackups } from '../backups.ts';

/** Primary result codes of SQLite. Source: https://www.sqlite.org/rescode.html */
const CODE = { perm: 3, busy: 5, locked: 6, readonly: 8, io: 10, corrupt: 11, full: 13, cannot_open: 14, auth: 23, not_a_database: 26 } as const;

/** The primary result code of an error of SQLite's; null for every other error. */
export function sqliteCode(error: unknown): number | null {
  const { code, errcode } = (error ?? {}) as { code?: string; errcode?: number };
  return code === 'ERR_SQLITE_ERROR' && errcode !== undefined ? errcode & 0xff : null;
}

export const isRefusedWrite = (error: unknown): boolean => ([CODE.readonly, CODE.cannot_open] as (number | null)[]).includes(sqliteCode(error));

/** What the file, the disk or another process refused; null where it is a bug, a wrong query for one. */
export function sqliteFailure(error: unknown, file: string): Failure | null {
  if (error instanceof FailureError) return error.failure;
  const said = error instanceof Error ? error.message : String(error);
  switch (sqliteCode(error)) {
    case CODE.corrupt:
    case CODE.not_a_database:
      return corrupt(file, said);
    case CODE.full:
      return { code: 'disk_full', kind: 'unavailable', message: `The disk is full: ${file}.`, hint: 'Make room and try again; nothing that was committed is lost.', details: { path: file } };
    case CODE.busy:
    case CODE.locked:
      return { code: 'store_busy', kind: 'unavailable', message: `Another process holds ${file}.`, hint: 'Try again; see what else has the file open.', details: { path: file } };
    case CODE.io:
    case CODE.perm:
    case CODE.auth:
    case CODE.cannot_open:
      return unusable(file, said);
    default:
      // A file where a folder has to be, and the like: said by the system, so no bug of ours.
      return typeof (error as { syscall?: unknown } | null)?.syscall === 'string' ? unusable(file, said) : null;
  }
}

const unusable = (file: string, said: string): Failure => ({
  code: 'store_unusable',
  kind: 'unavailable',
  message: `The store ${file} cannot be used: ${said}.`,
  hint: 'Look whether the folder is there, may be written and its disk is sound.',
  details: { path: file },
});

/** The error to throw in place of one that SQLite gave. */
export function thrown(error: unknown, file: string): unknown {
  const failure = error instanceof FailureError ? null : sqliteFailure(error, file);
  return failure === null ? error : new FailureError(failure);
}

/** The file is damaged or no store of ours; it stays as it is. */
export function corrupt(file: string, why: string): Failure {
  const newest = listBackups(file).at(-1) ?? null;
  const away = `Move ${file}, ${file}-wal and ${file}-shm to another folder`;
  return {
    code: 'store_corrupt',
    kind: 'unavailable',
    message: `The store ${file} is damaged: ${why}. It was left as it is.`,
    hint: newest === null ? `There is no backup in ${backupsFolder(file)}. ${away} to begin with an empty store.` : `${away}, then: cp '${newest}' '${file}'`,
    details: { path: file, backup: newest },
  };
}

export const missing = (file: string): Failure => ({ code: 'store_missing', kind: 'not_found', message: `There is no store ${file}.`, hint: 'orchestrator daemon start', details: { path: file } });

export const newer = (file: string, version: number, known: number): Failure => ({
  code: 'store_newer',
  kind: 'precondition',
  message: `The store ${file} was written by a newer orchestrator: its schema is ${version}, this one knows ${known}. It was left as it is.`,
  hint: 'Use that newer version here.',
  details: { path: file, version, known },
});

export const older = (file: string, version: number, known: number): Failure => ({
  code: 'store_older',
  kind: 'precondition',
  message: `The store ${file} has schema ${version}; this orchestrator reads ${known}.`,
  hint: 'orchestrator daemon start, which brings it up to date',
  details: { path: file, version, known },
});

export const closed = (file: string): FailureError => new FailureError({ code: 'store_closed', kind: 'unavailable', message: `The store ${file} is closed.`, hint: 'The daemon is ending; try again once it runs.' });

export const refusedWrite = (file: string): FailureError => new FailureError({ code: 'store_readonly', kind: 'precondition', message: `The store ${file} was opened for reading only.` });
