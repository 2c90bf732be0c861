import type { Clock } from '../base/clock.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import type { ReadTransaction, Store, WriteTransaction } from '../store/store.ts';
import { applyChange } from './transition.ts';
import type { Change } from './transition.ts';
import { Unit, isTerminal } from './unit.ts';

/**
 * The units as the store has them. Live ones are held in memory too, since one process alone writes them; every write is
 * compare-and-swap by version, with its event in the same transaction.
 */
export interface UnitBook {
  /** Live units by chunk: those that are not at an end. */
  readonly live: ReadonlyMap<string, Unit>;
  /** The newest unit of a chunk, live or not. */
  find(chunk: string): Promise<Unit | null>;
  /** New units, all or none. */
  insert(units: readonly Unit[]): Promise<void>;
  /** A step along the table; `beside` is what else changes with it. Failure `transition_refused` changes nothing. */
  change(chunk: string, change: Change, beside?: Beside): Promise<Result<Unit>>;
  /** A change of facts that moves nothing. Failure `unit_not_found`, or `transition_refused` where the unit is at its end. */
  note(chunk: string, facts: Beside, type: string): Promise<Result<Unit>>;
  /** Called after each commit with what changed. */
  onChange(listener: (unit: Unit, before: Unit | null) => void): () => void;
}

/** What may be changed beside a step; never what the table decides. */
export type Beside = Partial<Omit<Unit, 'id' | 'chunk' | 'status' | 'version' | 'created_at' | 'updated_at' | 'since' | 'kind' | 'attention_reason' | 'claim' | 'waits'>>;

/** How a write ends that met another one. */
const TRIES = 3;

export async function openUnitBook(store: Store, clock: Clock): Promise<UnitBook> {
  const live = new Map<string, Unit>();
  for (const unit of await store.read((tx) => liveUnits(tx))) live.set(unit.chunk, unit);
  const listeners = new Set<(unit: Unit, before: Unit | null) => void>();
  const tell = (unit: Unit, before: Unit | null): void => {
    if (isTerminal(unit.status)) live.delete(unit.chunk);
    else live.set(unit.chunk, unit);
    for (const listener of listeners) listener(unit, before);
  };
  const now = (): string => clock.now().toISOString();

  async function write(chunk: string, make: (unit: Unit) => Result<{ unit: Unit; type: string; data: Record<string, unknown> }>): Promise<Result<Unit>> {
    for (let round = 1; ; round++) {
      const ended = await store.write(async (tx): Promise<Result<{ after: Unit; before: Unit }> | null> => {
        const before = live.get(chunk) ?? (await newest(tx, chunk));
        if (before === null) return fail(unitNotFound(chunk));
        const made = make(before);
        if (!made.ok) return made;
        const at = now();
        const after: Unit = { ...made.value.unit, version: before.version + 1, updated_at: at, since: made.value.unit.status === before.status ? before.since : at };
        const swapped = await tx.db.updateTable('units').set(rowOf(after)).where('id', '=', after.id).where('version', '=', before.version).executeTakeFirst();
        if (swapped.numUpdatedRows !== 1n) return null;
        await tx.append({ type: made.value.type, unit: chunk, data: { ...made.value.data, ...summary(after) } });
        return ok({ after, before });
      });
      if (ended !== null) {
        if (!ended.ok) return ended;
        tell(ended.value.after, ended.value.before);
        return ok(ended.value.after);
      }
      // Somebody else wrote it: what is in memory is out of date.
      const fresh = await store.read((tx) => newest(tx, chunk));
      if (fresh !== null && !isTerminal(fresh.status)) live.set(chunk, fresh);
      else live.delete(chunk);
      if (round === TRIES) return fail({ code: 'unit_busy', kind: 'conflict', message: `${chunk} was changed by somebody else at the same time.`, hint: 'Look at it again: orchestrator unit show ' + chunk });
    }
  }

  return {
    live,
    find: async (chunk) => live.get(chunk) ?? (await store.read((tx) => newest(tx, chunk))),
    async insert(units) {
      await store.write(async (tx) => {
        for (let at = 0; at < units.length; at += 50) await tx.db.insertInto('units').values(units.slice(at, at + 50).map((unit) => ({ id: unit.id, ...rowOf(unit) }))).execute();
        for (const unit of units) await tx.append({ type: 'unit.injected', unit: unit.chunk, data: summary(unit) });
      });
      for (const unit of units) tell(unit, null);
    },
    change: (chunk, change, beside = {}) =>
      write(chunk, (unit) => {
        const moved = applyChange(unit, change);
        if (!moved.ok) return moved;
        return ok({ unit: { ...moved.value, ...beside }, type: 'unit.changed', data: { event: change.event, from: unit.status, payload: change.payload } });
      }),
    note: (chunk, facts, type) => write(chunk, (unit) => (isTerminal(unit.status) ? fail(atItsEnd(unit)) : ok({ unit: { ...unit, ...facts }, type, data: {} }))),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** What an event tells of a unit. */
export const summary = (unit: Unit) => ({
  chunk: unit.chunk, status: unit.status, phase: unit.phase, kind: unit.kind, attention_reason: unit.attention_reason, priority: unit.priority, branch: unit.branch, worktree: unit.worktree,
  agent: unit.agent.name, attempt: unit.attempt, waits_for: waitsFor(unit), merged_as: unit.merged_as, created_at: unit.created_at, updated_at: unit.updated_at,
});

export const waitsFor = (unit: Pick<Unit, 'waits'>): string[] => [...new Set(unit.waits.flatMap((wait) => (wait.chunk === null ? [] : [wait.chunk])))];

const rowOf = (unit: Unit) => ({
  chunk: unit.chunk, status: unit.status, phase: unit.phase, priority: unit.priority, live: isTerminal(unit.status) ? 0 : 1, version: unit.version,
  created_at: unit.created_at, updated_at: unit.updated_at, data: JSON.stringify(unit),
});

const parseUnit = (data: string): Unit => Unit.parse(JSON.parse(data));

export const unitNotFound = (chunk: string): Failure => ({ code: 'unit_not_found', kind: 'not_found', message: `There is no work unit ${JSON.stringify(chunk)}.`, hint: 'orchestrator ps --all lists them.' });

const atItsEnd = (unit: Unit): Failure => ({ code: 'transition_refused', kind: 'conflict', message: `${unit.chunk} is ${unit.status}: nothing of it can be changed any more.`, hint: unit.status === 'FAILED' ? `orchestrator unit retry ${unit.chunk}` : `orchestrator unit show ${unit.chunk}` });

export async function liveUnits(tx: ReadTransaction): Promise<Unit[]> {
  const rows = await tx.db.selectFrom('units').select('data').where('live', '=', 1).orderBy('created_at').execute();
  return rows.map((row) => parseUnit(row.data));
}

/** One page of all units, newest first. */
export async function pageOfUnits(tx: ReadTransaction, page: { readonly limit: number; readonly offset: number }): Promise<Unit[]> {
  const rows = await tx.db.selectFrom('units').select('data').orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit).offset(page.offset).execute();
  return rows.map((row) => parseUnit(row.data));
}

export async function newest(tx: ReadTransaction | WriteTransaction, chunk: string): Promise<Unit | null> {
  const row = await tx.db.selectFrom('units').select('data').where('chunk', '=', chunk).orderBy('live', 'desc').orderBy('created_at', 'desc').orderBy('id', 'desc').limit(1).executeTakeFirst();
  return row === undefined ? null : parseUnit(row.data);
}
