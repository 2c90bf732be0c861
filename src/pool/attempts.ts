import { z } from 'zod';
import { Usage } from '../agents/contract.ts';
import type { Store } from '../store/store.ts';
import { UnitPhase } from './unit.ts';

/** Calls of agents, so that a start after a crash knows which may have processes left. */
export const Attempt = z.object({
  /** Also the mark that every process of it carries. */
  id: z.string(),
  chunk: z.string(),
  phase: UnitPhase,
  agent: z.object({ name: z.string(), kind: z.string() }),
  scratch: z.string(),
  outcome: z.string(),
  workspace: z.string(),
  log: z.string(),
  transcript: z.string(),
  /** Tip of the branch before. */
  base: z.string(),
  /** Digest of the token that its tools show. */
  token: z.string(),
  started_at: z.string(),
  ended_at: z.string().nullable(),
  exit_code: z.number().int().nullable(),
  usage: Usage.nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type Attempt = z.infer<typeof Attempt>;

export async function beginAttempt(store: Store, attempt: Attempt): Promise<void> {
  await store.write(async (tx) => {
    await tx.db.insertInto('attempts').values({ id: attempt.id, unit: attempt.chunk, version: 1, started_at: attempt.started_at, ended_at: null, data: JSON.stringify(attempt) }).execute();
    await tx.append({ type: 'attempt.started', unit: attempt.chunk, data: { id: attempt.id, phase: attempt.phase, agent: attempt.agent.name, log: attempt.log } });
  });
}

export async function endAttempt(store: Store, attempt: Attempt): Promise<void> {
  await store.write(async (tx) => {
    const { numUpdatedRows } = await tx.db.updateTable('attempts').set({ ended_at: attempt.ended_at, version: 2, data: JSON.stringify(attempt) }).where('id', '=', attempt.id).where('ended_at', 'is', null).executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await tx.append({ type: 'attempt.ended', unit: attempt.chunk, data: { id: attempt.id, phase: attempt.phase, exit_code: attempt.exit_code, failure: attempt.failure, usage: attempt.usage } });
  });
}

const parse = (data: string): Attempt => Attempt.parse(JSON.parse(data));

/** Those whose end nobody wrote down. */
export async function openAttempts(store: Store): Promise<Attempt[]> {
  const rows = await store.read((tx) => tx.db.selectFrom('attempts').select('data').where('ended_at', 'is', null).execute());
  return rows.map((row) => parse(row.data));
}

/** Of a unit, oldest first. */
export async function attemptsOf(store: Pick<Store, 'read'>, chunk: string, limit: number): Promise<Attempt[]> {
  const rows = await store.read((tx) => tx.db.selectFrom('attempts').select('data').where('unit', '=', chunk).orderBy('started_at', 'desc').limit(limit).execute());
  return rows.map((row) => parse(row.data)).toReversed();
}
