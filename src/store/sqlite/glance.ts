import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fail, failureOf, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { MIGRATIONS } from '../migrations/all.ts';
import { corrupt, missing, newer, older, sqliteFailure } from './failures.ts';

/** Reads the units of a store with nothing but SQLite itself: to load the query builder takes longer than all the rest of a short command. */
export function glanceSqlite(file: string, page: { readonly limit: number; readonly offset: number } | null): Result<string[]> {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return fail(missing(file));
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    try {
      const tables = database.prepare("select name from sqlite_schema where name = 'migrations'").all();
      if (tables.length === 0) return fail(corrupt(file, 'it is a database of another program'));
      const version = Number(database.prepare('select coalesce(max(version), 0) as version from migrations').get()?.['version']);
      if (version > MIGRATIONS.length) return fail(newer(file, version, MIGRATIONS.length));
      if (version < MIGRATIONS.length) return fail(older(file, version, MIGRATIONS.length));
      const rows = page === null ? database.prepare('select data from units where live = 1 order by created_at').all() : database.prepare('select data from units order by created_at desc, id desc limit ? offset ?').all(page.limit, page.offset);
      return ok(rows.map((row) => String(row['data'])));
    } finally {
      database.close();
    }
  } catch (error) {
    return fail(sqliteFailure(error, file) ?? failureOf(error));
  }
}
