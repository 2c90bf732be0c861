import type { Kysely } from 'kysely';
import type { Result } from '../base/failure.ts';
import { openSqlite } from './sqlite/open.ts';
import type { Tables } from './tables.ts';

/** One entry of the log. `seq` grows by one from 1 on, without a gap; `at` is UTC with milliseconds. */
export interface StoredEvent {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly unit: string | null;
  readonly data: unknown;
}

export interface ReadTransaction {
  /** Good until the transaction's work is done; used later, it throws. */
  readonly db: Kysely<Tables>;
}

export interface WriteTransaction extends ReadTransaction {
  /** Adds an event to the log. `data` has to be JSON. */
  append(event: { readonly type: string; readonly unit: string | null; readonly data: unknown }): Promise<void>;
}

/**
 * The database. What the operating system or the file refuses comes as a thrown `FailureError`, kind `unavailable`; a
 * malformed query is a bug and throws as it is.
 */
export interface Store {
  /** One consistent snapshot; a write inside it is refused. */
  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T>;
  /**
   * One after the other; rolled back when `work` throws. Its events are published, in order, after the commit and before
   * the next write begins. `work` must not wait for another `write`.
   */
  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T>;
  /** Events after `since`, oldest first, at most `limit`. */
  events(since: number, limit: number): Promise<StoredEvent[]>;
  /** Number of the newest event; 0 before the first. */
  lastSeq(): Promise<number>;
  /** Tells of the events of each write once it is committed. What is returned ends it. A listener that throws harms no other. */
  subscribe(listener: (events: readonly StoredEvent[]) => void): () => void;
  /** Copies the database while it is in use, keeps the newest 5 copies, and gives the new one's path. */
  backup(): Promise<string>;
  /** Waits for what is under way. Whatever is called later fails with `store_closed`. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Looks only: nothing is created or brought up to date, and every write is refused. */
  readonly readonly?: boolean;
  /** Looks through the whole file for damage first. */
  readonly check?: boolean;
}

/**
 * Opens the store in a file and brings its tables up to date. Failures: `store_missing` (not_found, only where it is to
 * be read), `store_corrupt` and `store_unusable` (unavailable), `store_newer` and `store_older` (precondition, the latter
 * only where it is to be read).
 */
export async function openStore(file: string, options: StoreOptions = {}): Promise<Result<Store>> {
  return await openSqlite(file, options);
}
