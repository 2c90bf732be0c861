import type { Result } from '../base/failure.ts';
import type { Actor } from './state.ts';

/** The turn that a claim is for. */
export interface ClaimedTurn {
  readonly actor: Actor;
  readonly iteration: number;
  readonly turn_id: string;
  readonly attempt: number;
  readonly base: string;
}

/**
 * How turns reach other machines. The loop knows only this port; what stands behind it is the room `bus/`. Every call
 * is safe to make again after a crash.
 */
export interface HandOff {
  /** Takes the turn's claim on the remote, or takes up one of this checkout that a crash left. Gives its nonce. */
  claim(turn: ClaimedTurn): Promise<Result<string>>;
  /** Pushes the branch and releases the claim, all or nothing. Nothing to push and nothing held is done already. */
  publish(phase: 'released' | 'failed' | 'stopped'): Promise<Result<void>>;
  /** Gives the claim back without pushing work; one try, failures are swallowed: the lease ends by itself. */
  letGo(): Promise<void>;
  /** Aborted once the claim was seen lost. */
  readonly lost: AbortSignal;
}
