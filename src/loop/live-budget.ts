import type { Usage } from '../agents/contract.ts';
import type { Failure } from '../base/failure.ts';
import { NOTHING_SPENT, addUsage, checkBudget, isLimited } from './budget.ts';
import type { BudgetLimits, Spent } from './budget.ts';
import type { Ledger } from './ledger.ts';
import type { Waits } from './waits.ts';

/** Time is looked at no more often: in a wait it does not go on, and the rest stays as small as it is. Milliseconds. */
const LEAST_MS = 50;
/** So long an agent has to say that it is done after a report that used up a budget, which often is its last. Milliseconds. */
const LAST_REPORT_MS = 250;

/** The budgets that hold while an agent works. */
export interface LiveBudget {
  /** Aborted once one is spent. */
  readonly signal: AbortSignal;
  /** Which one, and how. */
  spent(): Failure | null;
  /** The call's totals so far. */
  onUsage(usage: Usage): void;
  close(): void;
}

export interface BudgetedCall {
  /** Which call of an agent this is. */
  readonly call: { readonly call: string; readonly run: string; readonly turn_id: string };
  readonly turn: BudgetLimits;
  readonly run: BudgetLimits;
  readonly day: BudgetLimits;
  /** What the run had used before the turn. */
  readonly before: Spent;
  /** What earlier calls of the same turn used. */
  readonly earlier: { readonly usage: Usage; readonly agent_ms: number };
  readonly ledger: Ledger;
  readonly waits: Waits;
}

/** What the budgets leave for a call, in US dollars; undefined where none limits it. */
export function costLeft({ turn, run, day, before, earlier, ledger }: Omit<BudgetedCall, 'call' | 'waits'>): number | undefined {
  const spent = earlier.usage.cost_usd ?? 0;
  const left = [[turn, spent], [run, (before.usage.cost_usd ?? 0) + spent], [day, day.max_cost_usd === null ? 0 : (ledger.today().usage.cost_usd ?? 0)]] as const;
  const most = Math.min(...left.map(([limits, used]) => (limits.max_cost_usd === null ? Infinity : limits.max_cost_usd - used)));
  return most === Infinity ? undefined : Math.max(0.000001, most);
}

/** Watches usage as it is told, and the time. */
export function watchBudget(budgeted: BudgetedCall): LiveBudget {
  const { call, turn, run, day, before, earlier, ledger, waits } = budgeted;
  const controller = new AbortController();
  const began = performance.now();
  const waitedBefore = waits.total();
  let timer: NodeJS.Timeout | undefined;
  let failure: Failure | null = null;
  let used: Usage = { input_tokens: 0, output_tokens: 0, cost_usd: null };
  const look = (reported = false): void => {
    if (failure !== null) return;
    const elapsed = performance.now() - began - (waits.total() - waitedBefore);
    const inTurn = addUsage(earlier.usage, used);
    // Attempts of the turn that crashed are in the run's sum already.
    const inAttempts = ledger.ofTurn(call.turn_id, call.call);
    const today = isLimited(day) ? ledger.today() : NOTHING_SPENT;
    // Turns are counted between them.
    const live = (limits: BudgetLimits): BudgetLimits => ({ ...limits, max_turns: null });
    failure =
      checkBudget(live(turn), { usage: addUsage(inAttempts.usage, used), turns: 0, duration_ms: inAttempts.duration_ms + elapsed }, 'turn') ??
      checkBudget(live(run), { ...before, usage: addUsage(before.usage, inTurn), duration_ms: before.duration_ms + earlier.agent_ms + elapsed }, 'run') ??
      checkBudget(live(day), { ...today, duration_ms: today.duration_ms + elapsed }, 'day');
    if (failure === null) return arm(elapsed);
    clearTimeout(timer);
    if (reported) timer = setTimeout(() => controller.abort(), LAST_REPORT_MS);
    else controller.abort();
  };
  const left = (limit: number | null, spent: number): number => (limit === null ? Infinity : limit - spent);
  const soonest = Math.min(left(turn.max_duration, earlier.agent_ms), left(run.max_duration, before.duration_ms + earlier.agent_ms), day.max_duration === null ? Infinity : left(day.max_duration, ledger.today().duration_ms));
  // A longer one than a timer can hold (24 days) is looked at with the next usage.
  const arm = (elapsed: number): void => {
    clearTimeout(timer);
    if (soonest < 2 ** 31) timer = setTimeout(() => look(), Math.max(LEAST_MS, soonest - elapsed));
  };
  arm(0);
  return {
    signal: controller.signal,
    spent: () => failure,
    onUsage(usage) {
      used = usage;
      ledger.note({ ...call, usage, agent_ms: 0, turn: false });
      look(true);
    },
    close: () => clearTimeout(timer),
  };
}
