import { z } from 'zod';
import type { Store } from '../store/store.ts';

/** Landings on a target branch: written down before the ref moves, so that a start after a crash can tell what landed. */
export const Merge = z.object({
  id: z.string(),
  chunk: z.string(),
  target: z.string(),
  /** The unit's tip, and the merge commit that would land it. */
  tip: z.string(),
  commit: z.string(),
  state: z.enum(['prepared', 'landed', 'dropped']),
  created_at: z.string(),
});
export type Merge = z.infer<typeof Merge>;

export async function prepareMerges(store: Store, merges: readonly Merge[]): Promise<void> {
  await store.write(async (tx) => {
    for (const merge of merges) {
      await tx.db.insertInto('merges').values({ id: merge.id, unit: merge.chunk, target: merge.target, state: merge.state, version: 1, created_at: merge.created_at, updated_at: merge.created_at, data: JSON.stringify(merge) }).execute();
      await tx.append({ type: 'merge.prepared', unit: merge.chunk, data: { commit: merge.commit, target: merge.target } });
    }
  });
}

export async function endMerge(store: Store, merge: Merge, state: 'landed' | 'dropped', at: string): Promise<void> {
  await store.write(async (tx) => {
    const { numUpdatedRows } = await tx.db.updateTable('merges').set({ state, version: 2, updated_at: at, data: JSON.stringify({ ...merge, state }) }).where('id', '=', merge.id).where('state', '=', 'prepared').executeTakeFirst();
    if (numUpdatedRows > 0n) await tx.append({ type: `merge.${state}`, unit: merge.chunk, data: { commit: merge.commit, target: merge.target } });
  });
}

export async function preparedMerges(store: Store): Promise<Merge[]> {
  const rows = await store.read((tx) => tx.db.selectFrom('merges').select('data').where('state', '=', 'prepared').orderBy('created_at').execute());
  return rows.map((row) => Merge.parse(JSON.parse(row.data)));
}
