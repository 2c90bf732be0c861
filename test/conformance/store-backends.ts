import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import type { Result } from '../../src/base/failure.ts';
import { openStore } from '../../src/store/store.ts';
import type { Store, StoreOptions } from '../../src/store/store.ts';
import { folder } from './store-rig.ts';

/** A kind of database that a store may be kept in. */
export interface Backend {
  readonly name: string;
  /** An empty place; opened as often as a test likes, all gone at its end. */
  place(): Promise<Place>;
}

interface Place extends AsyncDisposable {
  readonly open: (options?: StoreOptions) => Promise<Result<Store>>;
  /** Makes the schema one that this orchestrator does not know yet; nothing is open. */
  readonly makeNewer: () => Promise<void>;
  /** All that is stored, to tell whether something touched it. */
  readonly bytes: () => Promise<Buffer>;
  /** How a query is carried out, in the backend's own words. */
  readonly plan: (store: Store, query: string) => Promise<string>;
  readonly scans: RegExp;
}

const sqlite: Backend = {
  name: 'sqlite',
  async place() {
    const home = await folder();
    const file = join(home.path, 'state.db');
    const opened: Store[] = [];
    return {
      async open(options) {
        const result = await openStore(file, options);
        if (result.ok) opened.push(result.value);
        return result;
      },
      async makeNewer() {
        const database = new DatabaseSync(file);
        database.exec("insert into migrations values (999, 'from the future', '2099-01-01')");
        database.close();
      },
      bytes: () => readFile(file),
      plan: async (store, query) => (await store.read(async ({ db }) => (await sql<{ detail: string }>`explain query plan ${sql.raw(query)}`.execute(db)).rows)).map(({ detail }) => detail).join('\n'),
      scans: /SCAN/,
      async [Symbol.asyncDispose]() {
        for (const store of opened) await store.close();
        await home[Symbol.asyncDispose]();
      },
    };
  },
};

/** A further kind is added here, and passes the suite as it stands. */
export const BACKENDS: readonly Backend[] = [sqlite];
