import type { Failure } from '../base/failure.ts';
import type { Landing } from '../loop/contract.ts';
import type { Claim } from './claim.ts';
import type { RemoteLook } from './decide.ts';
import type { Checkout } from './landing.ts';

/** What is said where a turn cannot be taken or handed off. */

// Before a turn.
export const noRemote = (remote: string, purpose: string): Failure => ({ code: 'no_remote', kind: 'precondition', message: `There is no remote ${remote} ${purpose}.`, hint: `git remote add ${remote} <url>, or set sync.remote.` });
export const unreachable = (remote: string, problem: string): Failure => ({ code: 'remote_unavailable', kind: 'unavailable', message: `The remote ${remote} did not do as asked: ${problem}`, hint: 'What was done is committed here; run again once the remote answers.' });
export const notAble = (remote: string, url: string, problem: string, otherwise: string): Failure => ({ code: 'remote_not_able', kind: 'precondition', message: `The remote ${remote} (${url}) takes no atomic pushes of refs/orchestrator/*: ${problem}`, hint: `Use a remote that does, or ${otherwise}.` });
export const refusesRef = (remote: string, ref: string, problem: string): Failure => ({ code: 'remote_not_able', kind: 'precondition', message: `The remote ${remote} refuses ${ref}: ${problem}`, hint: 'Turns are claimed in refs/orchestrator/*: let its hooks and rules pass them, or use a remote that does. A ref left by a branch of a like name may be in the way too (git ls-remote <remote> "refs/orchestrator/*").' });
export const branchMissing = (remote: string, branch: string): Failure => ({ code: 'branch_gone', kind: 'precondition', message: `The remote ${remote} has no branch ${branch}.`, hint: `If it was deleted, whoever has its newest commits pushes it again (git push ${remote} ${branch}); then run again. Nothing here was changed.` });
export const unrelated = ({ remote, branch }: Checkout): Failure => ({ code: 'unrelated_histories', kind: 'precondition', message: `${branch} here and on ${remote} have no commit in common.`, hint: `Start from the remote's: git fetch ${remote} && git switch -c <new> ${remote}/${branch}` });
export const otherBranch = ({ branch }: Checkout): Failure => ({ code: 'wrong_branch', kind: 'precondition', message: `The checkout is not on ${branch} any more, where this run takes its turns. Nothing was begun.`, hint: `git switch ${branch}, then run again; for other work meanwhile use another worktree (git worktree add).` });
/** `after`: the last commit here that the remote has in another form; null where there is none. */
export const diverged = ({ remote, branch }: Checkout, after: string | null): Failure => ({
  code: 'unpushed_commits',
  kind: 'precondition',
  message: `This checkout's ${branch} has commits that ${remote} does not have; in role mode the branch on the remote is the one that counts.`,
  hint:
    after === null
      ? `Push them yourself (git pull --rebase ${remote} ${branch} && git push ${remote} ${branch}), or put them on another branch.`
      : `Put them on top of the remote's branch, without the turns that landed there in another form: git fetch ${remote} && git rebase --onto ${remote}/${branch} ${after.slice(0, 12)} && git push ${remote} ${branch}`,
});
export const waitedTooLong = (ms: number, what: string): Failure => ({ code: 'max_wait', kind: 'timeout', message: `Waited ${Math.round(ms / 1000)} s for ${what || 'the other actor'}, as long as it was allowed to.`, hint: 'See orchestrator status; raise sync.max_wait (or --max-wait), or leave it out to wait without end.' });

// The claim.
export const stopAsked = (reason: string | null): Failure => ({ code: 'stop_asked', kind: 'interrupted', message: `Somebody asked every run of the branch to stop${reason === null ? '' : `: ${reason}`}.`, details: { reason } });
export const claimHeld = (claim: Claim | null): Failure => ({
  code: 'claim_held',
  kind: 'conflict',
  message: claim === null ? 'Somebody else moved the claim on the turn.' : `${claim.actor}'s turn (iteration ${claim.iteration}) is claimed by process ${claim.pid} on ${claim.host}.`,
  hint: 'Wait for it, or end that run. If that machine is gone for good, delete the ref on the remote: git push <remote> :refs/orchestrator/turn/<branch>',
  details: { claim },
});
export const leaseLost = (claim: Claim | null): Failure => ({ code: 'lease_lost', kind: 'conflict', message: `The claim on the turn was lost${claim === null ? '' : ` to process ${claim.pid} on ${claim.host}`}; an agent that was still at work was ended. Its work is kept.`, details: { claim } });
export const notMine = (turn: { readonly actor: string; readonly iteration: number }): Failure => ({ code: 'turn_moved', kind: 'conflict', message: `${turn.actor}'s turn of iteration ${turn.iteration} is not to be had any more.` });

// The hand-off.
export const overtaken = (landing: Landing, { state }: RemoteLook): Failure => ({ code: 'lease_lost', kind: 'conflict', message: `The branch has gone on to ${state.expected_actor}'s turn of iteration ${state.iteration} without ${landing.actor}'s turn of iteration ${landing.iteration}; its work is kept (orchestrator rescue show ${landing.turn_id}).` });
export const branchDeleted = ({ remote, branch }: Checkout, { turn_id }: Landing): Failure => ({ code: 'branch_gone', kind: 'precondition', message: `The remote ${remote} has no branch ${branch} any more. The work of the turn is on the local ${branch}, and kept (orchestrator rescue show ${turn_id}).`, hint: `If the branch is to go on: git push ${remote} ${branch}, which brings the turn along; then run again.` });
export const branchMoved = (remote: string, branch: string, problem: string): Failure => ({ code: 'branch_moved', kind: 'conflict', message: `${remote} refused the push of ${branch}: ${problem}`, hint: `Someone else pushed. Bring their commits in (git pull --rebase ${remote} ${branch}) and run again; nothing of the turn is lost.`, details: { branch } });
export const secretInPush = (leaks: readonly string[]): Failure => ({ code: 'secret_in_push', kind: 'failed', message: `Nothing was pushed, because the commits to push hold what looks like a secret: ${leaks.slice(0, 10).join(', ')}.`, hint: 'Take it out of those commits, and replace it where it is used.', details: { paths: [...leaks] } });
export const refusedFor = (remote: string, branch: string, turn_id: string, problem: string): Failure => ({ code: 'push_refused', kind: 'precondition', message: `The remote ${remote} refuses pushes to ${branch}: ${problem}. The work of the turn is kept (orchestrator rescue show ${turn_id}).`, hint: `Let runners push to ${branch} (a protection rule, a hook, a lock left by a process that died?), then run again.` });
export const unfit = (landing: Landing, kept: string, files: readonly string[]): Failure => ({
  code: 'rebase_conflict',
  kind: 'failed',
  message: `Others changed ${files.slice(0, 5).join(', ') || 'the same lines'} on the branch meanwhile, so that the work of ${landing.actor}'s turn does not fit. None of it landed; it is kept as ${kept}.`,
  hint: `orchestrator rescue show ${landing.turn_id}; run again to repeat the turn on what is there now.`,
  details: { files: [...files] },
});
export const inTheWay = ({ branch }: Checkout, files: readonly string[], words: string): Failure => ({
  code: 'in_the_way',
  kind: 'precondition',
  message: files.length === 0 ? `The checkout could not be brought to the remote's ${branch}: ${words.trim().split('\n')[0] ?? ''}` : `Uncommitted changes of yours are in the way of what others pushed to ${branch}: ${files.slice(0, 10).join(', ')}. Nothing of yours was touched.`,
  hint: 'Move them away, or stash or commit them, then run again: the checkout then follows the remote.',
  details: { paths: [...files] },
});
