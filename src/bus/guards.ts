import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import type { Git, GitCall } from '../git/git.ts';
import { listRemote } from '../git/push.ts';
import { lookAtRemote } from '../git/remote.ts';
import { controlRef } from './claim.ts';
import { noRemote, notAble, unreachable } from './failures.ts';

/** What a remote must be able to do before a run hands anything off through it, and what is said otherwise. */
export interface RemoteUse {
  readonly git: Git;
  readonly remote: string;
  readonly branch: string;
  /** `to push to`, as a person would read it after the remote's name. */
  readonly purpose: string;
  /** What to do without such a remote. */
  readonly otherwise: string;
}

/** What the remote has of the branch; null where it has none of it. */
export interface RemoteBranch {
  readonly tip: string | null;
  readonly control_id: string | null;
}

/** What the remote has, once the remote answers and takes atomic pushes of our refs. */
export async function checkRemote({ git, remote, branch, purpose, otherwise }: RemoteUse, call: GitCall): Promise<Result<RemoteBranch>> {
  const facts = await lookAtRemote(git, remote, call);
  if (facts === null) return fail(noRemote(remote, purpose));
  if (!facts.reachable) return fail(unreachable(remote, facts.problem ?? 'no answer'));
  if (!facts.atomic) return fail(notAble(remote, facts.url, facts.problem ?? '', otherwise));
  const [head, control] = [`refs/heads/${branch}`, controlRef(branch)];
  const listed = await listRemote(git, remote, [head, control], call);
  return 'problem' in listed ? fail(unreachable(remote, listed.problem)) : ok({ tip: listed.refs.get(head) ?? null, control_id: listed.refs.get(control) ?? null });
}
