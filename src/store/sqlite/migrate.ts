import type { Kysely } from 'kysely';
import { MIGRATIONS } from '../migrations/all.ts';
import type { Connection } from './connection.ts';

/** The schema's version: 0 for an empty database, null for one with tables but none of ours. */
export function schemaVersion(connection: Connection): number | null {
  const tables = connection.run('select name from sqlite_schema');
  if (tables.length === 0) return 0;
  if (!tables.some(({ name }) => name === 'migrations')) return null;
  return Number(connection.run('select coalesce(max(version), 0) as version from migrations')[0]?.['version']);
}

/** Takes the steps that are missing, each in a transaction of its own that records it. */
export async function migrate(connection: Connection): Promise<void> {
  for (const [index, { name, up }] of MIGRATIONS.entries()) {
    connection.run('begin immediate');
    const loan = connection.lend();
    try {
      // Looked at inside the transaction: another process may be at the same.
      if ((schemaVersion(connection) ?? 0) <= index) {
        connection.run('create table if not exists migrations (version integer primary key, name text not null, applied_at text not null)');
        connection.run('insert into migrations (version, name, applied_at) values (?, ?, ?)', index + 1, name, new Date().toISOString());
        await up(loan.db as unknown as Kysely<unknown>);
      }
      connection.run('commit');
    } catch (error) {
      if (connection.inTransaction()) connection.run('rollback');
      throw error;
    } finally {
      loan.end();
    }
  }
}
