import type { Kysely } from 'kysely';
import { first } from './first.ts';

/** One step of the tables' history. A step that was ever released is never changed. */
export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>): Promise<void>;
}

/** In order; the schema's version is the number of steps taken. */
export const MIGRATIONS: readonly Migration[] = [{ name: 'first', up: first }];
