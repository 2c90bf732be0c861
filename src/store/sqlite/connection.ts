import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { SqliteStatement } from 'kysely';
import type { Tables } from '../tables.ts';

/** How many statements a connection keeps prepared. Lists of values (`in (?, ?)`) make a new text for each length. */
const KEPT_STATEMENTS = 256;

/** For another process's short lock. This process waits with it, so it is not longer. */
const BUSY_MS = 5000;

export type Row = Readonly<Record<string, unknown>>;

/** The query builder, lent for as long as a transaction lasts. */
export interface Loan {
  readonly db: Kysely<Tables>;
  /** From here on the query builder throws. */
  end(): void;
}

export interface Connection {
  /** Runs a statement and gives its rows. */
  run(sql: string, ...values: SQLInputValue[]): Row[];
  lend(): Loan;
  inTransaction(): boolean;
  close(): void;
}

/** Opens a connection. What SQLite refuses is thrown as it is. */
export function openConnection(file: string, access: 'read' | 'write'): Connection {
  const database = new DatabaseSync(file, { readOnly: access === 'read', timeout: BUSY_MS, enableForeignKeyConstraints: true });
  const statements = new Map<string, SqliteStatement>();
  const prepare = (sql: string): SqliteStatement => {
    const known = statements.get(sql);
    // Put in again at the end: the first of the map is the one that was not used for longest.
    if (known !== undefined) statements.delete(sql);
    const statement = known ?? adapted(database, sql);
    statements.set(sql, statement);
    const [oldest] = statements.size > KEPT_STATEMENTS ? statements.keys() : [];
    if (oldest !== undefined) statements.delete(oldest);
    return statement;
  };
  return {
    run: (sql, ...values) => prepare(sql).all(values) as Row[],
    lend() {
      let over = false;
      const dialect = new SqliteDialect({
        database: {
          prepare(sql) {
            if (over) throw new Error('A query after the end of its transaction.');
            return prepare(sql);
          },
          close: () => undefined,
        },
      });
      return { db: new Kysely<Tables>({ dialect }), end: () => void (over = true) };
    },
    inTransaction: () => database.isTransaction,
    close: () => database.close(),
  };
}

/** What the query builder expects of a statement. */
function adapted(database: DatabaseSync, sql: string): SqliteStatement {
  const statement: StatementSync = database.prepare(sql);
  const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    // One of its own: a second pass over the same statement would begin the first one anew.
    iterate: (parameters) => database.prepare(sql).iterate(...values(parameters)),
  };
}
