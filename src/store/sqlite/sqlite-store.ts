import { AsyncLocalStorage } from 'node:async_hooks';
import { createPublisher } from '../publisher.ts';
import { createQueue } from '../queue.ts';
import type { ReadTransaction, Store, StoredEvent, WriteTransaction } from '../store.ts';
import { copyStore } from './copy.ts';
import type { Connection, Row } from './connection.ts';
import { closed, refusedWrite, thrown } from './failures.ts';
import { createReaders } from './readers.ts';

/** The store over one writing connection (null: for reading only) and as many reading ones as are needed. */
export function createSqliteStore(file: string, writer: Connection | null): Store {
  const writes = createQueue();
  const copies = createQueue();
  const readers = createReaders(file);
  const publisher = createPublisher();
  /** The write whose work is running here; waiting for another one inside it would never end. */
  const inside = new AsyncLocalStorage<{ over: boolean }>();
  let ending: Promise<void> | null = null;

  const use = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    if (ending !== null) throw closed(file);
    try {
      return await readers.use(work);
    } catch (error) {
      throw thrown(error, file);
    }
  };

  const transact = async <T>(connection: Connection, work: (tx: WriteTransaction) => Promise<T>): Promise<T> => {
    const events: StoredEvent[] = [];
    const self = { over: false };
    const loan = connection.lend();
    const end = (): void => {
      self.over = true;
      loan.end();
    };
    const append: WriteTransaction['append'] = async (event) => {
      if (self.over) throw new Error(`The event ${event.type} after the end of its transaction.`);
      events.push(insertEvent(connection, event));
    };
    try {
      connection.run('begin immediate');
      const value = await inside.run(self, async () => await work({ db: loan.db, append }));
      end();
      connection.run('commit');
      publisher.publish(events);
      return value;
    } catch (error) {
      end();
      if (connection.inTransaction()) connection.run('rollback');
      throw thrown(error, file);
    }
  };

  return {
    async read<T>(work: (tx: ReadTransaction) => Promise<T>) {
      return await use(async (connection) => {
        const loan = connection.lend();
        connection.run('begin');
        try {
          return await work({ db: loan.db });
        } finally {
          loan.end();
          if (connection.inTransaction()) connection.run('rollback');
        }
      });
    },
    async write(work) {
      if (writer === null) throw refusedWrite(file);
      if (ending !== null) throw closed(file);
      if (inside.getStore()?.over === false) throw new Error('A write inside the work of another write: it would wait for itself.');
      return await writes.run(async () => await transact(writer, work));
    },
    async events(since, limit) {
      return await use(async (connection) => connection.run('select seq, at, type, unit, data from events where seq > ? order by seq limit ?', since, limit).map(storedEvent));
    },
    async lastSeq() {
      return await use(async (connection) => Number(connection.run('select coalesce(max(seq), 0) as seq from events')[0]?.['seq']));
    },
    subscribe: (listener) => publisher.subscribe(listener),
    async backup() {
      if (ending !== null) throw closed(file);
      try {
        return await copies.run(async () => await copyStore(file, new Date()));
      } catch (error) {
        throw thrown(error, file);
      }
    },
    async close() {
      ending ??= (async () => {
        await Promise.all([writes.drained(), copies.drained()]);
        await readers.close();
        // Last, so that it takes the log into the file.
        writer?.close();
      })();
      await ending;
    },
  };
}

function insertEvent(connection: Connection, event: { readonly type: string; readonly unit: string | null; readonly data: unknown }): StoredEvent {
  const [row] = connection.run(
    'insert into events (at, type, unit, data) values (?, ?, ?, ?) returning seq, at, type, unit, data',
    new Date().toISOString(),
    event.type,
    event.unit,
    JSON.stringify(event.data ?? null),
  );
  if (row === undefined) throw new Error('An event was not stored.');
  // Read back: whoever listens gets the same as whoever asks later.
  return storedEvent(row);
}

const storedEvent = (row: Row): StoredEvent => ({
  seq: Number(row['seq']),
  at: String(row['at']),
  type: String(row['type']),
  unit: row['unit'] === null ? null : String(row['unit']),
  data: JSON.parse(String(row['data'])) as unknown,
});
