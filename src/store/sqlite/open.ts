import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, failureOf, ok } from '../../base/failure.ts';
import type { Failure, Result } from '../../base/failure.ts';
import { listBackups } from '../backups.ts';
import { MIGRATIONS } from '../migrations/all.ts';
import type { Store, StoreOptions } from '../store.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { corrupt, isRefusedWrite, missing, newer, older, sqliteFailure } from './failures.ts';
import { migrate, schemaVersion } from './migrate.ts';
import { createSqliteStore } from './sqlite-store.ts';

/** Opens a store in an SQLite file; see `openStore`. A file that is refused is not changed. */
export async function openSqlite(file: string, { readonly = false, check = false }: StoreOptions): Promise<Result<Store>> {
  let writer: Connection | null = null;
  try {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? null;
    if (size === null && readonly) return fail(missing(file));
    if (size !== null) {
      const refused = inspect(file, size, readonly, check);
      if (refused !== null) return fail(refused);
    }
    if (!readonly) {
      makePrivate(file, size === null);
      writer = openConnection(file, 'write');
      prepare(writer);
      await migrate(writer);
    }
    return ok(createSqliteStore(file, writer));
  } catch (error) {
    writer?.close();
    return fail(sqliteFailure(error, file) ?? failureOf(error));
  }
}

/** Why a file is not to be opened, found by reading alone; null where nothing speaks against it. */
function inspect(file: string, size: number, readonly: boolean, check: boolean): Failure | null {
  // SQLite takes an empty file for a new database. One that has backups was more than that.
  if (size === 0) return readonly ? missing(file) : listBackups(file).length > 0 ? corrupt(file, 'it is empty') : null;
  try {
    return inspectBy(openConnection(file, 'read'), file, readonly, check);
  } catch (error) {
    // A crash in the middle of the very first write leaves a journal that only a writer may roll back.
    if (readonly || !isRefusedWrite(error)) throw error;
    return inspectBy(openConnection(file, 'write'), file, readonly, check);
  }
}

function inspectBy(connection: Connection, file: string, readonly: boolean, check: boolean): Failure | null {
  try {
    const version = schemaVersion(connection);
    if (version === null) return corrupt(file, 'it is a database of another program');
    if (version > MIGRATIONS.length) return newer(file, version, MIGRATIONS.length);
    if (readonly && version < MIGRATIONS.length) return older(file, version, MIGRATIONS.length);
    if (!check) return null;
    const [first] = connection.run('pragma quick_check(1)');
    const said = String(first?.['quick_check']);
    return said === 'ok' ? null : corrupt(file, said);
  } finally {
    connection.close();
  }
}

/** Nobody else may read it. SQLite gives the files beside it the same mode. */
function makePrivate(file: string, fresh: boolean): void {
  mkdirSync(dirname(file), { recursive: true });
  if (fresh) closeSync(openSync(file, 'a', 0o600));
  else if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
}

function prepare(connection: Connection): void {
  // Readers see a snapshot while somebody writes.
  connection.run('pragma journal_mode = wal');
  // What was committed outlives a power cut too; NORMAL would lose the newest commits, though never damage the file.
  connection.run('pragma synchronous = full');
  // A reader that took long leaves a large log behind; it is cut back to this.
  connection.run('pragma journal_size_limit = 67108864');
}
