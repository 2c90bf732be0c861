import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { reasonOf } from '../git/git.ts';
import type { Git } from '../git/git.ts';
import { fileAt, resolveCommit } from '../git/history.ts';
import { fetchRefs, listRemote } from '../git/push.ts';
import { freshState, parseState } from '../loop/contract.ts';
import type { StateDocument } from '../loop/contract.ts';
import { parseClaim, turnRef } from './claim.ts';
import type { Claim } from './claim.ts';
import { branchMissing, unreachable } from './failures.ts';

/** A look at the remote by somebody who takes no part: objects are fetched, no ref is moved. */

export interface Peek {
  readonly tip: string;
  readonly document: StateDocument;
  /** Null where nobody claims, or the ref holds rubbish. `at`: UTC of its last sign of life, by its maker's clock. */
  readonly claim: { readonly claim: Claim; readonly at: Date } | null;
}

/** Failures: `remote_unavailable`, `branch_gone`, `state_invalid`. */
export async function peek(git: Git, { remote, branch, state_file, timeout_ms }: { readonly remote: string; readonly branch: string; readonly state_file: string; readonly timeout_ms: number }): Promise<Result<Peek>> {
  const [heads, ref] = [`refs/heads/${branch}`, turnRef(branch)];
  const listed = await listRemote(git, remote, [heads, ref], { timeout_ms });
  if ('problem' in listed) return fail(unreachable(remote, listed.problem));
  const [tip, claimId] = [listed.refs.get(heads), listed.refs.get(ref)];
  if (tip === undefined) return fail(branchMissing(remote, branch));
  const missing: string[] = [];
  if ((await resolveCommit(git, tip)) === null) missing.push(heads);
  if (claimId !== undefined && (await resolveCommit(git, claimId)) === null) missing.push(ref);
  if (missing.length > 0) {
    const fetched = await fetchRefs(git, remote, missing, { timeout_ms });
    if (fetched.code !== 0) return fail(unreachable(remote, reasonOf(fetched.stderr)));
  }
  const document = await stateAt(git, tip, state_file, `${remote}/${branch}`);
  if (!document.ok) return document;
  return ok({ tip, document: document.value, claim: claimId === undefined ? null : await claimAt(git, claimId) });
}

/** The state that a commit holds; fresh where it holds none. `text` is null then. */
export async function stateAt(git: Git, commit: string, file: string, where: string): Promise<Result<StateDocument & { readonly text: string | null }>> {
  const text = await fileAt(git, commit, file);
  if (text === null) return ok({ ...freshState(), text });
  const parsed = parseState(text, `${file} on ${where}`);
  return parsed.ok ? ok({ ...parsed.value, text }) : parsed;
}

async function claimAt(git: Git, id: string): Promise<Peek['claim']> {
  const claim = parseClaim((await fileAt(git, id, 'claim.json')) ?? '');
  return claim === null ? null : { claim, at: new Date(Number((await git.run(['log', '-1', '--format=%ct', id])).trim()) * 1000) };
}
