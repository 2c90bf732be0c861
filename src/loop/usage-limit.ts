import { showDuration } from '../base/duration.ts';
import type { Failure } from '../base/failure.ts';

/** What to do when an agent has come to its usage limit: pure. Times in milliseconds. */

export interface LimitPolicy {
  readonly on_usage_limit: 'wait' | 'fail' | 'switch';
  /** Null: however long it takes. */
  readonly max_limit_wait: number | null;
  /** Agents to go on with, in this order. */
  readonly fallback: readonly string[];
}

export interface LimitReached {
  readonly agent: string;
  /** UTC; null where the agent told none. */
  readonly resets_at: Date | null;
  /** The session that could be gone on with; null where there is none. */
  readonly session_id: string | null;
  /** It was waited for once already. */
  readonly waited: boolean;
  /** Agents of this turn that have come to theirs. */
  readonly spent: readonly string[];
}

export type LimitDecision =
  | { readonly act: 'wait'; readonly until: Date }
  | { readonly act: 'switch'; readonly agent: string }
  | { readonly act: 'fail'; readonly failure: Failure };

/** A clock that is a little behind the server's must not ask a moment too early. */
const MARGIN_MS = 1000;

export function decideLimit(reached: LimitReached, policy: LimitPolicy, now: Date): LimitDecision {
  const { agent, resets_at } = reached;
  const failed = (why: string): LimitDecision => ({ act: 'fail', failure: limitReached(agent, resets_at, why) });
  if (policy.on_usage_limit === 'fail') return failed('limits.on_usage_limit is fail');
  if (policy.on_usage_limit === 'switch') {
    const next = policy.fallback.find((each) => !reached.spent.includes(each));
    return next === undefined ? failed(policy.fallback.length === 0 ? 'agent.fallback names nobody' : 'every agent of agent.fallback has come to its own') : { act: 'switch', agent: next };
  }
  if (resets_at === null) return failed('it does not say when it ends');
  if (reached.waited) return failed('it was waited for once already');
  const wait = Math.max(0, resets_at.getTime() - now.getTime());
  if (policy.max_limit_wait !== null && wait > policy.max_limit_wait) return failed(`that is longer than limits.max_limit_wait (${showDuration(policy.max_limit_wait)})`);
  return { act: 'wait', until: new Date(now.getTime() + wait + MARGIN_MS) };
}

function limitReached(agent: string, resets_at: Date | null, why: string): Failure {
  const when = resets_at === null ? '' : ` until ${resets_at.toISOString()}`;
  return {
    code: 'usage_limit',
    kind: 'limit',
    message: `${agent} has come to its usage limit${when}: ${why}.`,
    hint: 'Run again once it is over; limits.on_usage_limit: wait waits for a limit that says when it ends, switch goes on with an agent of agent.fallback.',
    details: { agent, resets_at: resets_at?.toISOString() ?? null },
  };
}
