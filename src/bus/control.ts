import { hostname } from 'node:os';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import type { Git } from '../git/git.ts';
import { fileAt } from '../git/history.ts';
import { fetchRefs, listRemote, makeFileCommit, pushAll } from '../git/push.ts';
import { controlRef } from './claim.ts';
import { refusesRef, unreachable } from './failures.ts';

/** Leaves a wish to stop for every runner of the branch, wherever it is. */
export async function stopEverywhere(git: Git, remote: string, branch: string, wish: { readonly at: string; readonly reason: string | null }): Promise<Result<void>> {
  const ref = controlRef(branch);
  let problem = '';
  for (let tries = 0; tries < 5; tries++) {
    const listed = await listRemote(git, remote, [ref]);
    if ('problem' in listed) return fail(unreachable(remote, listed.problem));
    const id = await makeFileCommit(git, 'control.json', `${JSON.stringify({ ...wish, stop: true, host: hostname(), seen: listed.refs.get(ref) ?? null }, null, 2)}\n`, 'orchestrator: stop\n');
    const pushed = await pushAll(git, remote, [{ from: id, to: ref, expect: listed.refs.get(ref) ?? '' }]);
    if (pushed.kind === 'done') return ok(undefined);
    if (pushed.kind === 'unanswered') return fail(unreachable(remote, pushed.problem));
    ({ problem } = pushed);
  }
  return fail(refusesRef(remote, ref, problem));
}

/** The reason that stands in a control ref. */
export async function controlReason(git: Git, remote: string, branch: string, id: string): Promise<string | null> {
  const ref = controlRef(branch);
  await fetchRefs(git, remote, [ref]);
  try {
    const { reason } = JSON.parse((await fileAt(git, id, 'control.json')) ?? '{}') as { reason?: unknown };
    return typeof reason === 'string' ? reason : null;
  } catch {
    return null;
  }
}
