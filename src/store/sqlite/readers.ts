import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';

/** More readers than these wait for one of them. */
const MOST = 8;

/** Connections that only read, opened as they are needed and used again. */
export interface Readers {
  /** Lends a connection until `work` is done. */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Waits for those that are lent, and closes all. */
  close(): Promise<void>;
}

export function createReaders(file: string): Readers {
  const idle: Connection[] = [];
  const waiting: ((connection: Connection) => void)[] = [];
  let opened = 0;
  let whenAllBack: (() => void) | null = null;
  const take = async (): Promise<Connection> => {
    const ready = idle.pop();
    if (ready !== undefined) return ready;
    if (opened === MOST) return await new Promise((resolve) => waiting.push(resolve));
    const connection = openConnection(file, 'read');
    opened++;
    return connection;
  };
  const giveBack = (connection: Connection): void => {
    const next = waiting.shift();
    if (next !== undefined) return next(connection);
    idle.push(connection);
    if (idle.length === opened) whenAllBack?.();
  };
  return {
    async use(work) {
      const connection = await take();
      try {
        return await work(connection);
      } finally {
        giveBack(connection);
      }
    },
    async close() {
      if (idle.length < opened) await new Promise<void>((resolve) => (whenAllBack = resolve));
      for (const connection of idle.splice(0)) connection.close();
    },
  };
}
