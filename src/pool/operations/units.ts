import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import { defineOperation } from '../../spine/operation.ts';
import { attemptsOf } from '../attempts.ts';
import { chunkName } from '../chunk-name.ts';
import { POOL } from '../resource.ts';
import { liveUnits, newest, pageOfUnits, summary, unitNotFound } from '../unit-book.ts';
import { AttentionKind, Unit, UnitPhase, UnitStatus } from '../unit.ts';
import { READ_FAILURES, glance, readStore } from './open.ts';

/** Looking at work units. Kept apart from what changes them, so that it starts fast. */

const shared = { transaction: 'none', cross_domain_deps: [], surfaces: ['cli', 'http'], callers: ['operator', 'system'], starts_work: false } as const;

export const UnitView = z.object({
  chunk: z.string(),
  status: UnitStatus,
  phase: UnitPhase.nullable(),
  kind: AttentionKind.nullable(),
  attention_reason: z.string().nullable(),
  priority: z.number().int(),
  branch: z.string(),
  worktree: z.string().nullable(),
  agent: z.string().nullable(),
  attempt: z.number().int(),
  waits_for: z.array(z.string()),
  merged_as: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type UnitView = z.infer<typeof UnitView>;

export const unitList = defineOperation({
  ...shared,
  name: 'pool.unit.list',
  summary: 'Work units: the live ones, or all of them, newest first',
  input: z.object({ all: z.boolean().default(false), limit: z.number().int().min(1).max(1000).default(100), offset: z.number().int().min(0).default(0) }),
  output: z.object({ units: z.array(UnitView) }),
  failures: READ_FAILURES,
  transaction: 'none',
  async handler(context, { all, limit, offset }) {
    const page = all ? { limit, offset } : null;
    if (context.resource(POOL) === null) {
      const found = await glance(context, page);
      return found.ok ? ok({ units: found.value.map(summary) }) : found;
    }
    return await readStore(context, { units: [] }, async (tx) => ({ units: (page === null ? await liveUnits(tx) : await pageOfUnits(tx, page)).map(summary) }));
  },
});

const UnitDetails = UnitView.extend({
  id: z.string(),
  since: z.string(),
  target: z.string(),
  base: z.string().nullable(),
  question: z.object({ question: z.string(), options: z.array(z.string()).nullable() }).nullable(),
  notes: z.array(z.string()),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  usage: Unit.shape.usage,
  attempts: z.array(z.object({ id: z.string(), phase: z.string(), agent: z.string(), started_at: z.string(), ended_at: z.string().nullable(), exit_code: z.number().nullable(), failure: z.object({ code: z.string(), message: z.string() }).nullable(), log: z.string() })),
  events: z.array(z.object({ seq: z.number(), at: z.string(), type: z.string(), data: z.unknown() })),
});

export const unitShow = defineOperation({
  ...shared,
  name: 'pool.unit.show',
  summary: 'One work unit with its attempts and what happened to it',
  input: z.object({ unit: z.string().min(1).describe('The chunk: x, plans/x or plans/x/.'), events: z.number().int().min(0).max(1000).default(50) }),
  output: UnitDetails,
  failures: ['chunk_name_invalid', 'unit_not_found', ...READ_FAILURES],
  async handler(context, input) {
    const name = chunkName(input.unit);
    if (!name.ok) return name;
    const read = await readStore<z.infer<typeof UnitDetails> | null>(context, null, async (tx) => {
      const unit = await newest(tx, name.value);
      if (unit === null) return null;
      const rows = await tx.db.selectFrom('events').selectAll().where('unit', '=', name.value).orderBy('seq', 'desc').limit(input.events).execute();
      const attempts = await attemptsOf({ read: async (work) => await work(tx) }, name.value, 50);
      return {
        ...summary(unit), id: unit.id, since: unit.since, target: unit.target, base: unit.base, question: unit.question === null ? null : { question: unit.question.question, options: unit.question.options }, notes: unit.notes, failure: unit.failure, usage: unit.usage,
        attempts: attempts.map((each) => ({ id: each.id, phase: each.phase, agent: each.agent.name, started_at: each.started_at, ended_at: each.ended_at, exit_code: each.exit_code, failure: each.failure, log: each.log })),
        events: rows.toReversed().map((row) => ({ seq: Number(row.seq), at: row.at, type: row.type, data: JSON.parse(row.data) as unknown })),
      };
    });
    if (!read.ok) return read;
    return read.value === null ? fail(unitNotFound(name.value)) : ok(read.value);
  },
});

