import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { findWorkspace } from '../../config/find-workspace.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { glanceUnits } from '../../store/glance.ts';
import type { ReadTransaction } from '../../store/store.ts';
import { chunkName } from '../chunk-name.ts';
import { storeFile } from '../places.ts';
import type { Pool } from '../pool.ts';
import { POOL } from '../resource.ts';
import { Unit } from '../unit.ts';

/** The pool, where the operation runs in its daemon; failure `daemon_not_running` elsewhere. */
export function poolOf(context: OperationContext): Result<Pool> {
  const pool = context.resource(POOL);
  return pool === null ? fail({ code: 'daemon_not_running', kind: 'unavailable', message: 'The pool is not at work here.', hint: 'orchestrator daemon start' }) : ok(pool);
}

/** The pool, and the chunk that a caller means. */
export function meantUnit(context: OperationContext, written: string): Result<{ readonly pool: Pool; readonly name: string }> {
  const pool = poolOf(context);
  if (!pool.ok) return pool;
  const name = chunkName(written);
  return name.ok ? ok({ pool: pool.value, name: name.value }) : name;
}

/** Failures of whatever looks into the store. */
export const READ_FAILURES = ['config_invalid', 'not_a_repository', 'store_corrupt', 'store_newer', 'store_older', 'store_unusable'] as const;

/** Whether this was called by an agent from within its turn: no wall without a sandbox, but no agent answers itself by the way. */
export const isAgentCall = (context: OperationContext): boolean => context.environment['ORCHESTRATOR_TOKEN'] !== undefined;

/** Looks into the store: the daemon's own, or the file beside it, as readers need no daemon. `empty` where there is no store yet. */
export async function readStore<T>(context: OperationContext, empty: T, work: (tx: ReadTransaction, workspace: string) => Promise<T>): Promise<Result<T>> {
  const pool = context.resource(POOL);
  if (pool !== null) return ok(await pool.runtime.store.read((tx) => work(tx, pool.runtime.workspace)));
  // The configuration is not read: nothing here depends on it, and a broken one must not hide what is at work.
  const found = await findWorkspace({ directory: context.directory, config: context.config_file, cwd: context.directory });
  if (!found.ok) return found;
  const { workspace } = found.value;
  // Loaded here, as it takes longer than all the rest.
  const { openStore } = await import('../../store/store.ts');
  const store = await openStore(storeFile(workspace), { readonly: true });
  if (!store.ok) return store.failure.code === 'store_missing' ? ok(empty) : store;
  try {
    return ok(await store.value.read((tx) => work(tx, workspace)));
  } finally {
    await store.value.close();
  }
}

/** Live units, or a page of all, for commands that have to start fast. */
export async function glance(context: OperationContext, page: { readonly limit: number; readonly offset: number } | null): Promise<Result<Unit[]>> {
  const found = await findWorkspace({ directory: context.directory, config: context.config_file, cwd: context.directory });
  if (!found.ok) return found;
  const rows = glanceUnits(storeFile(found.value.workspace), page);
  if (!rows.ok) return rows.failure.code === 'store_missing' ? ok([]) : rows;
  return ok(rows.value.map((data) => Unit.parse(JSON.parse(data))));
}
