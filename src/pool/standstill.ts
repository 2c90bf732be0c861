import { z } from 'zod';
import type { ReadTransaction, Store } from '../store/store.ts';

/** Why the pool as a whole does not go on: kept in the store, so that whoever looks needs no daemon. */
export const Standstill = z.object({
  /** The budget that keeps units from starting. */
  budget: z.string().nullable(),
  /** Why nothing lands. */
  merge_waits: z.string().nullable(),
});
export type Standstill = z.infer<typeof Standstill>;

const KEY = 'standstill';
export const NO_STANDSTILL: Standstill = { budget: null, merge_waits: null };

export async function readStandstill(tx: ReadTransaction): Promise<Standstill> {
  const row = await tx.db.selectFrom('settings').select('value').where('key', '=', KEY).executeTakeFirst();
  return row === undefined ? NO_STANDSTILL : Standstill.parse(JSON.parse(row.value));
}

/** Keeps it up to date; writes only what changed, and tells of it. */
export function createStandstillNote(store: Store) {
  let last: string | null = null;
  return async (present: Standstill): Promise<void> => {
    const value = JSON.stringify(present);
    if (value === last) return;
    last = value;
    await store.write(async (tx) => {
      const before = await readStandstill(tx);
      await tx.db.deleteFrom('settings').where('key', '=', KEY).execute();
      await tx.db.insertInto('settings').values({ key: KEY, value }).execute();
      if (JSON.stringify(before) !== value) await tx.append({ type: 'pool.standstill', unit: null, data: present });
    });
  };
}
