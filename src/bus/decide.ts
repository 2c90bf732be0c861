import type { OrchestrationState } from '../loop/contract.ts';
import type { Claim } from './claim.ts';

/**
 * What a runner of one role does after a look at the remote: pure, so that every interleaving of several runners can be
 * explored. Nothing here compares clocks of two machines; a lease is counted by whoever watches it.
 */

/** How long something on the remote was seen unchanged. */
export interface Watched {
  readonly id: string;
  /** Milliseconds on the observer's own monotonic clock, over looks that followed each other closely. */
  readonly unchanged_ms: number;
  readonly looked_at: number;
}

/** Adds a look. A gap over `longest_gap_ms` (a freeze or an outage of the observer) counts for nothing. */
export function watched(before: Watched | null, id: string, now: number, longest_gap_ms: number): Watched {
  if (before === null || before.id !== id) return { id, unchanged_ms: 0, looked_at: now };
  const gap = now - before.looked_at;
  return { id, unchanged_ms: before.unchanged_ms + (gap <= longest_gap_ms ? gap : 0), looked_at: now };
}

/** The remote as one look found it. */
export interface RemoteLook {
  /** Commit of the branch. */
  readonly tip: string;
  readonly state: OrchestrationState;
  /** Text of the state file there; tells whether it changed. */
  readonly state_text: string | null;
  /** Id of the turn ref, '' when there is none; `claim` is null too where it holds rubbish. */
  readonly claim_id: string;
  readonly claim: Claim | null;
  /** Id of the control ref, '' when there is none. */
  readonly control_id: string;
}

export interface Runner {
  readonly role: OrchestrationState['expected_actor'];
  /** Whether a held claim is this checkout's own; then nobody has to be waited for. */
  readonly isMine: (claim: Claim) => boolean;
  readonly lease_ms: number;
  readonly wait_through_failures: boolean;
}

/** What stood on the remote when the runner started, or was its own doing since: it ends nobody. */
export interface Baseline {
  readonly state_text: string | null;
  readonly control_id: string;
}

export type Decision =
  /** Take the turn: swap the claim from `expect`. */
  | { readonly act: 'claim'; readonly expect: string; readonly attempt: number }
  | { readonly act: 'wait'; readonly reason: 'peer' | 'claim' | 'earlier_runner'; readonly left_ms: number | null }
  | { readonly act: 'end'; readonly why: 'failed' | 'blocked' | 'complete' | 'stopped' };

/** Whether a held claim has shown no sign of life for longer than its lease. */
export const isDead = (claim: Claim, seen: Watched): boolean => seen.unchanged_ms > claim.lease_seconds * 1000;

export function decide(look: RemoteLook, runner: Runner, base: Baseline, seen: { readonly claim: Watched; readonly tip: Watched }): Decision {
  const { state, claim } = look;
  if (look.control_id !== base.control_id && look.control_id !== '') return { act: 'end', why: 'stopped' };
  if (look.state_text !== base.state_text) {
    const end = endOf(state, runner);
    if (end !== null) return { act: 'end', why: end };
  }
  if (state.expected_actor !== runner.role) return { act: 'wait', reason: 'peer', left_ms: null };
  const held = claim !== null && claim.phase === 'held';
  if (held && !runner.isMine(claim) && !isDead(claim, seen.claim)) {
    return { act: 'wait', reason: 'claim', left_ms: claim.lease_seconds * 1000 - seen.claim.unchanged_ms };
  }
  // A runner that knows nothing of claims says on the branch that it is at work.
  if (!held && state.status.startsWith('running-') && seen.tip.unchanged_ms <= runner.lease_ms) {
    return { act: 'wait', reason: 'earlier_runner', left_ms: runner.lease_ms - seen.tip.unchanged_ms };
  }
  const same = held && claim.iteration === state.iteration && claim.actor === state.expected_actor;
  return { act: 'claim', expect: look.claim_id, attempt: same ? claim.attempt + 1 : 1 };
}

function endOf(state: OrchestrationState, runner: Runner): Extract<Decision, { act: 'end' }>['why'] | null {
  if (state.exit === true) return 'complete';
  if (state.status === 'stopped') return 'stopped';
  if (runner.wait_through_failures) return null;
  return state.status === 'failed' || state.status === 'blocked' ? state.status : null;
}

/** After a won claim and before every push of a turn: is the turn on the branch still the one that was claimed? */
export const stillMine = (state: OrchestrationState, turn: { readonly actor: string; readonly iteration: number }): boolean =>
  state.expected_actor === turn.actor && state.iteration === turn.iteration;
