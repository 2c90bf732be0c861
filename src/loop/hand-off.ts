import type { Failure, Result } from '../base/failure.ts';
import type { Actor, StateDocument } from './state.ts';

/** The turn that a claim is for. */
export interface ClaimedTurn {
  readonly actor: Actor;
  readonly iteration: number;
  readonly turn_id: string;
  readonly attempt: number;
  readonly base: string;
  /** Tells this claim from every other; in the journal before it is on the remote. */
  readonly nonce: string;
}

/** A finished turn on its way to the remote. Commits are full ids. */
export interface Landing extends Omit<ClaimedTurn, 'attempt' | 'nonce'> {
  readonly phase: 'released' | 'failed' | 'stopped';
  /** The branch with the turn's work and without its stamp; `base` when there is none that may land. */
  readonly work: string;
  /** The branch with work and stamp; null where the stamp belongs on the remote's tip. */
  readonly stamped: string | null;
  /** Work that must not land and is kept as a rescue ref; null when there is none. */
  readonly kept: string | null;
  /** The stamp for a tip other than the one where the turn began. `failure`: why the work could not land there. */
  restamp(on: StateDocument, work: string, failure: Failure | null): { readonly document: StateDocument; readonly message: string };
  /** Paths that are the person's own. */
  readonly person: ReadonlySet<string>;
}

/** Where a turn landed. `failure`: it landed as a failed one, or the checkout could not follow. */
export interface Landed {
  readonly head: string;
  readonly document: StateDocument | null;
  readonly failure: Failure | null;
}

/**
 * How turns reach other machines. The loop knows only this port; what stands behind it is the room `bus/`. Every call
 * is safe to make again after a crash.
 */
export interface HandOff {
  /** Takes the turn's claim on the remote. */
  claim(turn: ClaimedTurn): Promise<Result<void>>;
  /** Takes up the claim that a crashed turn of this checkout held; false when it is gone. */
  resume(turn_id: string, nonce: string): Promise<boolean>;
  /** Pushes the branch and releases the claim, all or nothing. Nothing to push and nothing held is done already. */
  publish(landing: Landing): Promise<Result<Landed>>;
  /** Keeps work that will not land: commits after `base`, and these uncommitted paths. One try at the remote. */
  rescue(turn: { readonly turn_id: string; readonly base: string }, paths: readonly string[]): Promise<void>;
  /** Gives the claim back without pushing work; one try, failures are swallowed: the lease ends by itself. */
  letGo(): Promise<void>;
  /** Aborted once the claim was seen lost. */
  readonly lost: AbortSignal;
  /** Ends what is under way; after it nothing moves the turn ref. */
  close(): Promise<void>;
}

/** What a runner of one role finds once it need not wait any longer. */
export type NextTurn =
  | { readonly kind: 'turn'; readonly attempt: number }
  | { readonly kind: 'end'; readonly why: 'failed' | 'blocked' | 'complete' | 'stopped'; readonly document: StateDocument; readonly reason: string | null };

/** Turns of one role, with a peer elsewhere. */
export interface RoleHandOff extends HandOff {
  /** The state on the remote branch, which is the one that counts. */
  state(): Promise<Result<StateDocument>>;
  /**
   * Waits until it is this role's turn and nobody holds it, the checkout brought to the remote's tip; or until the loop ends.
   * `isPerson`: whether an uncommitted path is a person's own.
   */
  next(isPerson: (path: string) => boolean): Promise<Result<NextTurn>>;
}
