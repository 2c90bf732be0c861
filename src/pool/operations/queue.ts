import { z } from 'zod';
import { defineOperation } from '../../spine/operation.ts';
import { inOrder } from '../merge-order.ts';
import { chainLengths } from '../scheduler.ts';
import { NO_STANDSTILL, readStandstill } from '../standstill.ts';
import { liveUnits, waitsFor } from '../unit-book.ts';
import { holdsSlot, isMerging } from '../unit.ts';
import { READ_FAILURES, readStore } from './open.ts';

const Waiting = z.object({ chunk: z.string(), status: z.string(), priority: z.number(), chain: z.number().describe('How many units in a row wait for it.'), why: z.string(), waits_for: z.array(z.string()) });

export const queueShow = defineOperation({
  name: 'pool.queue.show',
  summary: 'What is at work, what waits and for what, and what is about to land',
  input: z.object({}),
  output: z.object({
    running: z.array(z.object({ chunk: z.string(), phase: z.string().nullable(), agent: z.string() })),
    waiting: z.array(Waiting),
    merging: z.array(z.string()),
    budget: z.string().nullable().describe('The budget that keeps units from starting.'),
    merge_waits: z.string().nullable().describe('Why nothing lands now.'),
  }),
  failures: READ_FAILURES,
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http'],
  callers: ['operator', 'system'],
  starts_work: false,
  async handler(context) {
    const now = context.clock.now().getTime();
    return await readStore(context, { running: [], waiting: [], merging: [], ...NO_STANDSTILL }, async (tx) => {
      const units = await liveUnits(tx);
      const chain = chainLengths(units);
      const why = (unit: (typeof units)[number]): string => {
        if (unit.status === 'NEEDS_ATTENTION') return `${unit.kind ?? ''}: ${unit.attention_reason ?? ''}`;
        if (unit.waits.length > 0) return unit.waits.map((wait) => (wait.on === 'operator' ? 'held back by the operator' : wait.on === 'dependency' ? `depends on ${wait.chunk ?? ''}` : `conflicts with ${wait.chunk ?? ''}`)).join('; ');
        if (unit.not_before !== null && Date.parse(unit.not_before) > now) return `not before ${unit.not_before}`;
        return unit.status === 'PENDING' ? 'its conflicts are not known yet' : 'for an agent';
      };
      return {
        ...(await readStandstill(tx)),
        running: units.filter(holdsSlot).map((unit) => ({ chunk: unit.chunk, phase: unit.phase, agent: unit.agent.name })),
        waiting: units.filter((unit) => !holdsSlot(unit) && unit.status !== 'RUNNING').map((unit) => ({ chunk: unit.chunk, status: unit.status, priority: unit.priority, chain: chain.get(unit.chunk) ?? 0, why: why(unit), waits_for: waitsFor(unit) })),
        merging: inOrder(units.filter(isMerging)).map((unit) => unit.chunk),
      };
    });
  },
});
