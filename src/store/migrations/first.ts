import type { Kysely } from 'kysely';

/** Units, what is known of pairs of them, merges, attempts, the log, settings. What waits for a person is a unit. */
export async function first(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('units')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('chunk', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('phase', 'text')
    .addColumn('priority', 'integer', (column) => column.notNull())
    .addColumn('live', 'integer', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('units_one_live').unique().on('units').column('chunk').where('live' as never, '=', 1).execute();
  await schema.createIndex('units_live').on('units').columns(['live', 'updated_at']).execute();
  await schema.createIndex('units_chunk').on('units').column('chunk').execute();
  await schema
    .createTable('pairs')
    .addColumn('a', 'text', (column) => column.notNull())
    .addColumn('b', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('pairs_key', ['a', 'b'])
    .execute();
  await schema
    .createTable('merges')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('unit', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('merges_state').on('merges').column('state').execute();
  await schema
    .createTable('attempts')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('unit', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('data', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('attempts_ended').on('attempts').column('ended_at').execute();
  await schema
    .createTable('events')
    // Never given twice, and given back when the transaction is: the numbers have no gap.
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('unit', 'text')
    .addColumn('data', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('events_unit').on('events').columns(['unit', 'seq']).execute();
  await schema
    .createTable('settings')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
}
