import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Failure, Result } from '../../src/base/failure.ts';
import type { Store, WriteTransaction } from '../../src/store/store.ts';

/** A folder that goes with the test. */
export async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'store-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
};
export const failureIn = (result: Result<unknown>): Failure => {
  if (result.ok) throw new Error('No failure');
  return result.failure;
};
export const unit = (id: string, more: Partial<{ chunk: string; live: number; updated_at: string; data: string }> = {}) => ({
  id,
  chunk: more.chunk ?? id,
  status: 'PENDING',
  phase: null,
  priority: 0,
  live: more.live ?? 1,
  version: 1,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: more.updated_at ?? '2026-01-01T00:00:00Z',
  data: more.data ?? '{}',
});
export const addUnit = async (tx: WriteTransaction, id: string, more = {}): Promise<void> => void (await tx.db.insertInto('units').values(unit(id, more)).execute());
export const unitIds = async (store: Store): Promise<string[]> => (await store.read(({ db }) => db.selectFrom('units').select('id').orderBy('id').execute())).map(({ id }) => id);
export const event = (type: string, data: unknown = null, of: string | null = null) => ({ type, unit: of, data });
