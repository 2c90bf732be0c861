import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import type { StateDocument } from '../loop/contract.ts';
import type { RemoteLook } from './decide.ts';
import type { Checkout } from './landing.ts';
import { branchMissing, unreachable } from './failures.ts';
import { stateAt } from './peek.ts';
import type { Patience, RefsSeen, TurnRef } from './turn-ref.ts';

export interface Seen {
  readonly look: RemoteLook;
  readonly document: StateDocument;
}

/** The remote as this runner last saw it; only what is new is fetched. */
export interface RemoteView {
  /** One `ls-remote`, and one fetch where something is new. Failures: `remote_unavailable`, `branch_gone`, `state_invalid`. */
  look(call?: Patience): Promise<Result<Seen>>;
  /** What the last look found; null before the first. */
  last(): Seen | null;
  /** Fetches the branch; throws with git's words. */
  fetchTip(tip: string): Promise<void>;
  /** A commit that this runner pushed to the branch itself, and so has. */
  pushed(tip: string): void;
}

export function remoteView(checkout: Checkout, turnRef: TurnRef): RemoteView {
  const { remote, branch, state_file } = checkout;
  const { git } = checkout.repository;
  let own = '';
  let found: Seen | null = null;
  /** The claim comes along in the same fetch, as it changed with the branch. */
  const fetchTip = async (tip: string, claim = false): Promise<void> => {
    if (tip === own) return;
    const problem = await turnRef.fetch(`+refs/heads/${branch}:refs/remotes/${remote}/${branch}`, ...(claim ? [`+${turnRef.ref}:${turnRef.ref}`] : []));
    if (problem !== null) throw new Error(`git fetch: ${problem}`);
  };
  const read = async (refs: RefsSeen): Promise<Result<Seen>> => {
    if (refs.tip === '') return fail(branchMissing(remote, branch));
    if (found?.look.tip === refs.tip) {
      const claim = refs.claim_id === found.look.claim_id ? found.look.claim : await turnRef.claimAt(refs.claim_id);
      found = { document: found.document, look: { ...found.look, ...refs, claim } };
      return ok(found);
    }
    await fetchTip(refs.tip, refs.claim_id !== '' && refs.claim_id !== found?.look.claim_id);
    const document = await stateAt(git, refs.tip, state_file, `${remote}/${branch}`);
    if (!document.ok) return document;
    const claim = await turnRef.claimAt(refs.claim_id);
    found = { document: document.value, look: { ...refs, state: document.value.state, state_text: document.value.text, claim } };
    return ok(found);
  };
  return {
    async look(call) {
      const refs = await turnRef.look(call);
      if (!refs.ok) return refs;
      try {
        return await read(refs.value);
      } catch (error) {
        return fail(unreachable(remote, error instanceof Error ? error.message : String(error)));
      }
    },
    last: () => found,
    fetchTip,
    pushed: (tip) => void (own = tip),
  };
}
