import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { turnExplain } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import { causesOf } from '../causes.ts';
import { chunkName } from '../chunk-name.ts';
import { newest, summary } from '../unit-book.ts';
import { READ_FAILURES, readStore } from './open.ts';
import { UnitView } from './units.ts';

const OfUnit = z.object({ unit: UnitView, causes: z.array(z.object({ at: z.string(), what: z.string(), because: z.string() })) });
const Explained = z.union([OfUnit, turnExplain.output]);

export const workExplain = defineOperation({
  name: 'pool.work.explain',
  summary: 'The chain of causes of a work unit or a turn',
  input: z.object({ work: z.string().min(1).describe('A chunk, or a turn, the beginning of its id, or "last".') }),
  output: Explained,
  failures: [...READ_FAILURES, 'turn_ambiguous', 'turn_not_found'],
  transaction: 'none',
  cross_domain_deps: [turnExplain],
  surfaces: ['cli', 'http'],
  callers: ['operator', 'system'],
  starts_work: false,
  async handler(context, { work }): Promise<Result<z.infer<typeof Explained>>> {
    const name = chunkName(work);
    const found = name.ok
      ? await readStore<z.infer<typeof OfUnit> | null>(context, null, async (tx) => {
          const unit = await newest(tx, name.value);
          if (unit === null) return null;
          const rows = await tx.db.selectFrom('events').select(['at', 'type', 'data']).where('unit', '=', unit.chunk).orderBy('seq').execute();
          return { unit: summary(unit), causes: causesOf(rows.map((row) => ({ ...row, data: JSON.parse(row.data) as unknown }))) };
        })
      : ok(null);
    if (!found.ok) return found;
    if (found.value !== null) return ok(found.value);
    const turn = await context.call(turnExplain, { turn: work });
    return turn.ok || turn.failure.code !== 'turn_not_found' ? turn : fail({ ...turn.failure, message: `There is neither a turn nor a work unit ${JSON.stringify(work)}.`, hint: 'orchestrator log lists the turns, orchestrator ps --all the work units.' });
  },
});
