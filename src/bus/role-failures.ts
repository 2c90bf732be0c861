import type { Failure } from '../base/failure.ts';
import type { Landing } from '../loop/contract.ts';
import type { RemoteLook } from './decide.ts';
import type { Checkout } from './landing.ts';

/** What a runner of one role says when it cannot go on. */

export const diverged = ({ remote, branch }: Checkout): Failure => ({ code: 'unpushed_commits', kind: 'precondition', message: `This checkout's ${branch} has commits that ${remote} does not have; in role mode the branch on the remote is the one that counts.`, hint: `Push them yourself (git pull --rebase ${remote} ${branch} && git push ${remote} ${branch}), or put them on another branch.` });
export const branchGone = (remote: string, branch: string): Failure => ({ code: 'branch_gone', kind: 'precondition', message: `The remote ${remote} has no branch ${branch}.`, hint: `git push ${remote} ${branch}, then run again. Nothing here was changed.` });
export const notMine = (turn: { readonly actor: string; readonly iteration: number }): Failure => ({ code: 'turn_moved', kind: 'conflict', message: `${turn.actor}'s turn of iteration ${turn.iteration} is not to be had any more.` });
export const overtaken = (landing: Landing, { state }: RemoteLook): Failure => ({ code: 'lease_lost', kind: 'conflict', message: `The branch has gone on to ${state.expected_actor}'s turn of iteration ${state.iteration} without ${landing.actor}'s turn of iteration ${landing.iteration}; its work is kept (orchestrator rescue show ${landing.turn_id}).` });
export const secretInPush = (leaks: readonly string[]): Failure => ({ code: 'secret_in_push', kind: 'failed', message: `Nothing was pushed, because the commits to push hold what looks like a secret: ${leaks.slice(0, 10).join(', ')}.`, hint: 'Take it out of those commits, and replace it where it is used.', details: { paths: [...leaks] } });
export const waitedTooLong = (ms: number, what: string): Failure => ({ code: 'max_wait', kind: 'timeout', message: `Waited ${Math.round(ms / 1000)} s for ${what || 'the other actor'}, as long as it was allowed to.`, hint: 'See orchestrator status; raise sync.max_wait (or --max-wait), or leave it out to wait without end.' });
export const refusedFor = (remote: string, branch: string, turn_id: string, problem: string): Failure => ({ code: 'push_refused', kind: 'precondition', message: `The remote ${remote} refuses pushes to ${branch}: ${problem}. The work of the turn is kept (orchestrator rescue show ${turn_id}).`, hint: `Let runners push to ${branch} (a protection rule, a hook, a lock left by a process that died?), then run again.` });
