import type { Usage } from '../agents/contract.ts';
import type { Clock } from '../base/clock.ts';
import type { Failure } from '../base/failure.ts';
import { newId } from '../base/ids.ts';
import { checkBudget, costLeft, openLedger, watchBudget } from '../loop/contract.ts';
import type { Ledger, LoopSettings, Spent } from '../loop/contract.ts';
import type { Store } from '../store/store.ts';

/**
 * What the agents of all units use, in the ledger that turns use too. A "run" is the pool's life from a start in good order
 * to its stop; after a crash it goes on, and its budget with it.
 */
export interface Spending {
  /** Why nothing more may be started; null while budgets allow it. */
  overspent(settings: Budgets): Failure | null;
  /** Watches one call of an agent. */
  watch(call: string, settings: Budgets): { readonly signal: AbortSignal; readonly max_cost_usd: number | undefined; onUsage(usage: Usage): void; end(usage: Usage, agent_ms: number): Failure | null };
  /** The pool ends in good order. */
  close(): Promise<void>;
}

export type Budgets = Pick<LoopSettings, 'budget' | 'turn_budget' | 'day_budget'>;

const KEY = 'run';

export async function openSpending(store: Store, file: string, clock: Clock): Promise<Spending> {
  const ledger = openLedger(file, () => clock.now());
  const run = await runOf(store, clock);
  const spentBy = (without: string | null): Spent => ledger.ofRun(run, without);
  return {
    overspent: ({ budget, day_budget }) => checkBudget(budget, spentBy(null), 'run') ?? checkBudget(day_budget, ledger.today(), 'day'),
    watch(call, settings) {
      const limits = { turn: settings.turn_budget, run: settings.budget, day: settings.day_budget, before: othersOf(ledger, run, call), earlier: { usage: NOTHING, agent_ms: 0 }, ledger };
      const max_cost_usd = costLeft(limits);
      const live = watchBudget({ ...limits, call: { call, run, turn_id: call }, waits: { total: () => 0, begin: () => () => undefined } });
      return {
        signal: live.signal,
        max_cost_usd,
        onUsage: (usage) => live.onUsage(usage),
        end(usage, agent_ms) {
          live.close();
          ledger.note({ call, run, turn_id: call, usage, agent_ms, turn: true });
          return live.spent();
        },
      };
    },
    async close() {
      await store.write(async (tx) => void (await tx.db.deleteFrom('settings').where('key', '=', KEY).execute()));
    },
  };
}

const NOTHING: Usage = { input_tokens: 0, output_tokens: 0, cost_usd: null };

/** What the run's other calls have used by now: they go on while this one is watched, so it is read anew each time. */
const othersOf = (ledger: Ledger, run: string, call: string): Spent => ({
  get usage() {
    return ledger.ofRun(run, call).usage;
  },
  get turns() {
    return ledger.ofRun(run, call).turns;
  },
  get duration_ms() {
    return ledger.ofRun(run, call).duration_ms;
  },
});

/** The run that a crash cut short, or a new one. */
async function runOf(store: Store, clock: Clock): Promise<string> {
  return await store.write(async (tx) => {
    const row = await tx.db.selectFrom('settings').select('value').where('key', '=', KEY).executeTakeFirst();
    if (row !== undefined) return row.value;
    const value = newId('run', clock.now());
    await tx.db.insertInto('settings').values({ key: KEY, value }).execute();
    return value;
  });
}
