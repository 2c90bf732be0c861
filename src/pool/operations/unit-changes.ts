import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import { defineOperation } from '../../spine/operation.ts';
import { cancelUnit } from '../cancel.ts';
import { inject } from '../inject.ts';
import { summary, unitNotFound, waitsFor } from '../unit-book.ts';
import { meantUnit, poolOf } from './open.ts';
import { UnitView } from './units.ts';

/** What changes work units; all of it runs in the daemon. */

const writes = { transaction: 'none', cross_domain_deps: [], surfaces: ['cli', 'http'], callers: ['operator', 'system'], starts_work: false, runs_in: 'daemon' } as const;

/** A chunk as a person names it. */
const Chunk = z.string().min(1).describe('The chunk: x, plans/x or plans/x/.');

const Refusals = z.array(z.object({ chunk: z.string(), code: z.string(), message: z.string() }));

export const unitInject = defineOperation({
  ...writes,
  name: 'pool.unit.inject',
  summary: 'Submit chunks as work units, all or none',
  input: z.object({
    chunks: z.array(Chunk).max(10_000).default([]),
    future: z.boolean().default(false).describe('Chunks that are FUTURE, in the order of their dependencies; with no chunk named, all of them.'),
    partial: z.boolean().default(false).describe('Take those that are fit, and name the others.'),
    priority: z.number().int().min(-1_000_000).max(1_000_000).nullable().default(null),
  }),
  output: z.object({ injected: z.array(z.string()), refused: Refusals }),
  failures: ['agent_not_found', 'agent_unknown', 'already_injected', 'chunk_invalid', 'chunk_name_invalid', 'chunk_not_found', 'chunk_not_future', 'chunk_not_open', 'chunk_uncommitted', 'chunk_unplanned', 'daemon_not_running', 'dependency_cycle', 'dependency_missing', 'no_chunks', 'sandbox_missing', 'target_missing'],
  starts_work: true,
  async handler(context, input) {
    const pool = poolOf(context);
    if (!pool.ok) return pool;
    if (input.chunks.length === 0 && !input.future) return fail({ code: 'no_chunks', kind: 'invalid', message: 'No chunk was named.', hint: 'orchestrator inject <chunk…>, or --future for all that are FUTURE' });
    const injected = await inject(pool.value.runtime, input);
    return injected.ok ? ok({ injected: [...injected.value.injected], refused: [...injected.value.refused] }) : injected;
  },
});

const Changed = z.object({ unit: UnitView });
const stepFailures = ['chunk_name_invalid', 'daemon_not_running', 'transition_refused', 'unit_busy', 'unit_not_found'] as const;

export const unitCancel = defineOperation({
  ...writes,
  name: 'pool.unit.cancel',
  summary: 'Give a work unit up: its agent is ended, its work kept under refs/orchestrator/backup',
  input: z.object({ unit: Chunk, reason: z.string().max(2000).default('the operator gave it up') }),
  output: Changed.extend({ backup: z.string().nullable() }),
  failures: stepFailures,
  async handler(context, input) {
    const meant = meantUnit(context, input.unit);
    if (!meant.ok) return meant;
    const { pool, name } = meant.value;
    const cancelled = await cancelUnit(pool, name, input.reason);
    return cancelled.ok ? ok({ unit: summary(cancelled.value.unit), backup: cancelled.value.backup }) : cancelled;
  },
});

export const unitRetry = defineOperation({
  ...writes,
  name: 'pool.unit.retry',
  summary: 'Let a unit that failed or that needs attention go on',
  input: z.object({ unit: Chunk }),
  output: Changed,
  failures: stepFailures,
  starts_work: true,
  async handler(context, input) {
    const meant = meantUnit(context, input.unit);
    if (!meant.ok) return meant;
    const { pool, name } = meant.value;
    const { units, verdicts } = pool.runtime;
    const live = units.live.get(name);
    // A question wants an answer; to go on without one would be to answer it for the operator.
    if (live?.kind === 'QUESTION' || live?.kind === 'PERMISSION') return fail({ code: 'transition_refused', kind: 'conflict', message: `${name} waits for an answer.`, hint: `orchestrator answer ${name} <text>` });
    const retried = await units.change(name, { event: 'retry', payload: {} });
    if (!retried.ok) return retried;
    await verdicts.refresh(name);
    const ready = retried.value.status === 'PENDING' ? await units.change(name, { event: 'analysed', payload: {} }) : retried;
    return ready.ok ? ok({ unit: summary(ready.value) }) : ready;
  },
});

export const unitPrioritize = defineOperation({
  ...writes,
  name: 'pool.unit.prioritize',
  summary: 'Set the priority of a work unit',
  input: z.object({ unit: Chunk, priority: z.number().int().min(-1_000_000).max(1_000_000) }),
  output: Changed,
  failures: stepFailures,
  async handler(context, input) {
    const meant = meantUnit(context, input.unit);
    if (!meant.ok) return meant;
    const { pool, name } = meant.value;
    const noted = await pool.runtime.units.note(name, { priority: input.priority }, 'unit.prioritized');
    return noted.ok ? ok({ unit: summary(noted.value) }) : noted;
  },
});

export const unitBlock = defineOperation({
  ...writes,
  name: 'pool.unit.block',
  summary: 'Hold a work unit back before it starts',
  input: z.object({ unit: Chunk }),
  output: Changed,
  failures: stepFailures,
  async handler(context, input) {
    const meant = meantUnit(context, input.unit);
    if (!meant.ok) return meant;
    const { pool, name } = meant.value;
    const { units } = pool.runtime;
    const unit = await units.find(name);
    if (unit === null) return fail(unitNotFound(name));
    const waits = [...unit.waits.filter((wait) => wait.on !== 'operator'), { on: 'operator' as const, chunk: null }];
    const blocked = await units.change(name, { event: 'wait', payload: { waits } });
    return blocked.ok ? ok({ unit: summary(blocked.value) }) : blocked;
  },
});

export const unitUnblock = defineOperation({
  ...writes,
  name: 'pool.unit.unblock',
  summary: 'Let a work unit that was held back start again',
  input: z.object({ unit: Chunk }),
  output: Changed,
  failures: [...stepFailures, 'unit_not_blocked'],
  async handler(context, input) {
    const meant = meantUnit(context, input.unit);
    if (!meant.ok) return meant;
    const { pool, name } = meant.value;
    const { units } = pool.runtime;
    const unit = await units.find(name);
    if (unit === null) return fail(unitNotFound(name));
    if (!unit.waits.some((wait) => wait.on === 'operator')) {
      const others = waitsFor(unit);
      return fail({ code: 'unit_not_blocked', kind: 'conflict', message: `${name} was not held back by you${others.length === 0 ? '' : `; it waits for ${others.join(', ')}`}.`, hint: others.length === 0 ? 'orchestrator queue shows what waits for what.' : `To let it run beside them: orchestrator resolve ${name} ${others[0] ?? ''} independent` });
    }
    const waits = unit.waits.filter((wait) => wait.on !== 'operator');
    const freed = await units.change(name, waits.length === 0 ? { event: 'clear', payload: {} } : { event: 'wait', payload: { waits } });
    return freed.ok ? ok({ unit: summary(freed.value) }) : freed;
  },
});
