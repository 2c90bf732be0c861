import { join } from 'node:path';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { openWorkspace } from '../../loop/contract.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { openStore } from '../../store/store.ts';
import type { ReadTransaction } from '../../store/store.ts';
import type { Pool } from '../pool.ts';
import { POOL } from '../resource.ts';
import { poolFolder } from '../worktrees.ts';

/** The pool, where the operation runs in its daemon; failure `daemon_not_running` elsewhere. */
export function poolOf(context: OperationContext): Result<Pool> {
  const pool = context.resource(POOL);
  return pool === null ? fail({ code: 'daemon_not_running', kind: 'unavailable', message: 'The pool is not at work here.', hint: 'orchestrator daemon start' }) : ok(pool);
}

/** Whether this was called by an agent from within its turn: no wall without a sandbox, but no agent answers itself by the way. */
export const isAgentCall = (context: OperationContext): boolean => context.environment['ORCHESTRATOR_TOKEN'] !== undefined;

export const storeFile = (workspace: string): string => join(poolFolder(workspace), 'state.db');

/** Looks into the store: the daemon's own, or the file beside it, as readers need no daemon. `empty` where there is no store yet. */
export async function readStore<T>(context: OperationContext, empty: T, work: (tx: ReadTransaction, workspace: string) => Promise<T>): Promise<Result<T>> {
  const pool = context.resource(POOL);
  if (pool !== null) return ok(await pool.runtime.store.read((tx) => work(tx, pool.runtime.workspace)));
  const opened = await openWorkspace(context);
  if (!opened.ok) return opened;
  const store = await openStore(storeFile(opened.value.workspace), { readonly: true });
  if (!store.ok) return store.failure.code === 'store_missing' ? ok(empty) : store;
  try {
    return ok(await store.value.read((tx) => work(tx, opened.value.workspace)));
  } finally {
    await store.value.close();
  }
}
