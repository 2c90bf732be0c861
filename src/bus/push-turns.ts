import { crashPoint } from '../base/crash-point.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import type { Git } from '../git/git.ts';
import { isAncestor, resolveCommit } from '../git/history.ts';
import { pushAll } from '../git/push.ts';
import type { HandOff, Landed } from '../loop/contract.ts';
import type { Claim } from './claim.ts';
import { controlReason } from './control.ts';
import { branchMoved, claimHeld, leaseLost, secretInPush, stopAsked, unreachable } from './failures.ts';
import { secretsIn } from './landing.ts';
import { openTurnRef } from './turn-ref.ts';
import type { TurnRefSettings } from './turn-ref.ts';

/**
 * Pushes each turn of a combined run under a claim, so that a role runner elsewhere can go on later. A combined run
 * never waits: whoever holds the turn, or pushed in between, ends it. `control_id`: the control ref as the run found it.
 */
export function pushTurns(settings: TurnRefSettings, control_id: string): HandOff {
  const { git, remote, branch } = settings;
  const turnRef = openTurnRef(settings);
  const heldByOther = (claim: Claim | null): boolean => claim?.phase === 'held' && !turnRef.isMine(claim);
  const landed = (head: string): Result<Landed> => ok({ head, document: null, failure: null });
  return {
    lost: turnRef.lost,
    async claim(turn) {
      const refs = await turnRef.look();
      if (!refs.ok) return refs;
      if (refs.value.control_id !== control_id && refs.value.control_id !== '') return fail(stopAsked(await controlReason(git, remote, branch, refs.value.control_id)));
      const there = await turnRef.claimAt(refs.value.claim_id);
      if (heldByOther(there)) return fail(claimHeld(there));
      return await turnRef.take(turn, refs.value.claim_id, (there?.renewal ?? 0) + 1);
    },
    async resume(_turn_id, nonce) {
      const refs = await turnRef.look();
      const there = refs.ok ? await turnRef.claimAt(refs.value.claim_id) : null;
      if (!refs.ok || there?.nonce !== nonce || there.phase !== 'held') return false;
      turnRef.adopt(there, refs.value.claim_id);
      return true;
    },
    async publish({ phase }) {
      const refs = await turnRef.look();
      if (!refs.ok) return refs;
      const { tip } = refs.value;
      const there = await turnRef.claimAt(refs.value.claim_id);
      if (heldByOther(there)) return fail(leaseLost(there));
      const mine = turnRef.held();
      if (mine !== null && there?.nonce !== mine.nonce) return fail(leaseLost(there));
      const head = (await git.run(['rev-parse', '--verify', `refs/heads/${branch}`])).trim();
      if (tip === head && mine === null) return landed(head);
      const problem = (await branchProblem(git, remote, branch, head, tip)) ?? (await secretProblem(git, head, tip));
      if (problem !== null) return fail(problem);
      crashPoint('before-push');
      // A crash may have released the claim already; then the branch alone is left to push.
      const pushed = mine === null ? await pushAll(git, remote, [{ from: head, to: `refs/heads/${branch}` }]) : await turnRef.push(head, phase);
      crashPoint('after-push');
      if (pushed.kind === 'lost') return fail(leaseLost(null));
      if (pushed.kind === 'done' || pushed.kind === 'landed') return landed(head);
      return fail(pushed.kind === 'refused' ? branchMoved(remote, branch, pushed.problem) : unreachable(remote, pushed.problem));
    },
    // Nothing of a combined run is in anybody's way: it stays on the branch.
    rescue: async () => undefined,
    letGo: () => turnRef.letGo('released'),
    close: () => turnRef.quiet(),
  };
}

/** Someone else's commits on the remote's branch that this one does not have: told before anything is judged by them. */
async function branchProblem(git: Git, remote: string, branch: string, head: string, tip: string): Promise<Failure | null> {
  if (tip === '' || (await isAncestor(git, tip, head))) return null;
  return branchMoved(remote, branch, 'it has commits that are not here');
}

async function secretProblem(git: Git, head: string, tip: string): Promise<Failure | null> {
  const known = tip === '' ? null : await resolveCommit(git, tip);
  const found = await secretsIn(git, head, known === null ? [] : [known]);
  return found.length === 0 ? null : secretInPush(found);
}
