import type { Usage } from '../agents/contract.ts';
import { showDuration } from '../base/duration.ts';
import type { Failure } from '../base/failure.ts';

/** Limits of one run and of one turn; null = none. Durations in milliseconds. */
export interface BudgetLimits {
  readonly max_cost_usd: number | null;
  readonly max_tokens: number | null;
  readonly max_turns: number | null;
  readonly max_duration: number | null;
}

/** What was spent so far; absolute. */
export interface Spent {
  readonly usage: Usage;
  readonly turns: number;
  readonly duration_ms: number;
}

export const NOTHING_USED: Usage = { input_tokens: 0, output_tokens: 0, cost_usd: null };

export const NOTHING_SPENT: Spent = { usage: NOTHING_USED, turns: 0, duration_ms: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    cost_usd: a.cost_usd === null && b.cost_usd === null ? null : (a.cost_usd ?? 0) + (b.cost_usd ?? 0),
  };
}

/** Whether anything is limited; what was spent need not be summed up where not. */
export const isLimited = (limits: BudgetLimits): boolean => limits.max_cost_usd !== null || limits.max_tokens !== null || limits.max_turns !== null || limits.max_duration !== null;

/** The failure `budget` once a limit is reached, else null. `whose` names the budget in the message. */
export function checkBudget(limits: BudgetLimits, spent: Spent, whose: 'run' | 'turn' | 'day'): Failure | null {
  const tokens = spent.usage.input_tokens + spent.usage.output_tokens;
  const cost = spent.usage.cost_usd ?? 0;
  const reached =
    over(limits.max_cost_usd, cost, 'max_cost_usd', `${cost.toFixed(4)} USD`) ??
    over(limits.max_tokens, tokens, 'max_tokens', `${tokens} tokens`) ??
    over(limits.max_turns, spent.turns, 'max_turns', `${spent.turns}`) ??
    over(limits.max_duration, spent.duration_ms, 'max_duration', showDuration(spent.duration_ms), showDuration);
  if (reached === null) return null;
  return {
    code: 'budget',
    kind: 'limit',
    message: `The budget of this ${whose} is spent: ${reached}.`,
    hint: 'Raise budget in orchestration.yaml (or --max-cost) and run again.',
  };
}

function over(limit: number | null, value: number, name: string, shown: string, show: (limit: number) => string = String): string | null {
  return limit !== null && value >= limit ? `${name} is ${show(limit)}, used ${shown}` : null;
}
