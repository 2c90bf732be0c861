import type { Failure } from '../base/failure.ts';
import type { Landing } from './hand-off.ts';
import type { Conclusion } from './outcome.ts';
import type { LoopRuntime } from './runtime.ts';
import type { StateDocument } from './state.ts';

/** What the hand-off made of a turn. */
export interface HandedOff {
  /** The state as it landed; null where it is the one that was stamped here. */
  readonly document: StateDocument | null;
  /** What ends the run: the turn did not land, it landed as a failed one, or the checkout could not follow. */
  readonly failure: Failure | null;
  /** How the turn ended where the hand-off decided that. */
  readonly outcome: 'failed' | 'interrupted' | null;
  /** Cut short by a signal: the turn is done and not yet with the others. */
  readonly unfinished: boolean;
}

const STAYED: HandedOff = { document: null, failure: null, outcome: null, unfinished: false };

/**
 * Hands a finished turn off; an interrupted one gives its claim back, and in role mode its own commits are kept aside, as the
 * branch is the remote's. Where turns stay here nothing is done.
 */
export async function publishTurn(runtime: LoopRuntime, conclusion: Conclusion, landing: Landing, leftovers: readonly string[]): Promise<HandedOff> {
  const { handOff, mode } = runtime;
  if (handOff === null) return STAYED;
  if (conclusion.kind === 'interrupted') {
    const lost = conclusion.failure.code === 'lease_lost';
    if (mode === 'role') await handOff.rescue(landing, lost ? leftovers : []);
    await handOff.letGo();
    return STAYED;
  }
  return await publishDone(runtime, landing);
}

/** Hands off a turn that is stamped, be it after a crash. */
export async function publishDone({ handOff, mode }: LoopRuntime, landing: Landing): Promise<HandedOff> {
  if (handOff === null) return STAYED;
  const pushed = await handOff.publish(landing);
  if (pushed.ok) {
    const { document, failure } = pushed.value;
    return { document, failure, outcome: document?.state.status === 'failed' ? 'failed' : null, unfinished: false };
  }
  const { failure } = pushed;
  const cut = failure.kind === 'interrupted' || failure.kind === 'terminated';
  // What cannot be pushed now must not keep others from their turns; the work is committed here. A hand-off that was cut
  // short is gone on with by the next start, which needs the claim for that.
  if (!cut) await handOff.letGo();
  if (cut && mode === 'role') return { document: null, failure: notHandedOff(failure), outcome: null, unfinished: true };
  const outcome = failure.code === 'lease_lost' ? 'interrupted' : mode === 'role' ? 'failed' : null;
  return { document: null, failure, outcome, unfinished: false };
}

const notHandedOff = (failure: Failure): Failure => ({ ...failure, message: `${failure.message} The turn is done, and not handed off yet.`, hint: 'The next run hands it off; its agent is not run again.' });
