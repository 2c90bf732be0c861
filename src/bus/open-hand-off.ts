import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import type { Config } from '../config/schema.ts';
import { reasonOf } from '../git/git.ts';
import { checkedOutCommit } from '../git/head.ts';
import { isAncestor } from '../git/history.ts';
import { fetchRefs, listRemote } from '../git/push.ts';
import type { Repository } from '../git/repository.ts';
import { readRecords, recordsFile } from '../loop/contract.ts';
import type { HandOff, OpenLoop, Places } from '../loop/contract.ts';
import type { OperationContext } from '../spine/operation.ts';
import { unreachable } from './failures.ts';
import { catchUp } from './follow.ts';
import { checkRemote } from './guards.ts';
import { pushTurns } from './push-turns.ts';

/** How long a question to the remote may take, and work from it. Milliseconds. */
const ASK_MS = 30_000;
const FETCH_MS = 120_000;

/** Opens the way to the remote for runs that push, once its guards hold: it answers, takes atomic pushes, and the branch can be pushed. */
export async function openHandOff(config: Config, repository: Repository, places: Places, branch: string, head: string): Promise<Result<HandOff>> {
  const { git } = repository;
  const { remote, lease } = config.sync;
  const looked = await checkRemote({ git, remote, branch, purpose: 'to push to', otherwise: 'leave the push out (run without --push, handoff --no-push)' }, { timeout_ms: ASK_MS });
  if (!looked.ok) return looked;
  const { tip, control_id } = looked.value;
  if (tip !== null && tip !== head) {
    const fetched = await fetchRefs(git, remote, [`+refs/heads/${branch}:refs/remotes/${remote}/${branch}`], { timeout_ms: FETCH_MS });
    if (fetched.code !== 0) return fail(unreachable(remote, reasonOf(fetched.stderr)));
    if (!(await isAncestor(git, tip, head))) {
      return fail(precondition('not_up_to_date', `${remote} has commits on ${branch} that this checkout does not have.`, `git pull --rebase ${remote} ${branch}, then run again.`));
    }
    const foreign = await foreignCommits(repository, places, config, branch, tip, head);
    if (foreign.length > 0) {
      return fail(precondition('unpushed_commits', `${foreign.length} commits of yours on ${branch} are not on ${remote}; a turn would push them along: ${foreign.slice(0, 5).join(', ')}`, `Push them yourself first (git push ${remote} ${branch}), or run without --push.`));
    }
  }
  return ok(pushTurns({ git, remote, branch, control: places.control, lease_ms: lease }, control_id ?? ''));
}

/** Brings a checkout that is merely behind to the remote's branch, for a stamp on the state that counts. What else may be wrong is for the guards to tell. */
export async function bringForward({ repository, places, settings, loaded, emit }: OpenLoop & Pick<OperationContext, 'emit'>, branch: string): Promise<Result<void>> {
  const { git } = repository;
  const { remote } = loaded.config.sync;
  const listed = await listRemote(git, remote, [`refs/heads/${branch}`], { timeout_ms: ASK_MS });
  const tip = 'refs' in listed ? listed.refs.get(`refs/heads/${branch}`) : undefined;
  if (tip === undefined || (await checkedOutCommit(repository)) === tip) return ok(undefined);
  const fetched = await fetchRefs(git, remote, [`+refs/heads/${branch}:refs/remotes/${remote}/${branch}`], { timeout_ms: FETCH_MS });
  if (fetched.code !== 0) return fail(unreachable(remote, reasonOf(fetched.stderr)));
  if (!(await isAncestor(git, 'HEAD', tip))) return ok(undefined);
  const warn = (message: string): void => emit({ type: 'warning', message });
  // A person asks: all that is uncommitted here counts as theirs.
  return await catchUp({ repository, remote, branch, state_file: settings.state_file, control: places.control, warn }, tip, () => true);
}

/**
 * Commits in `tip..head` that no turn of the loop made: neither by their trailers nor, for those of an agent's own, by a
 * turn's record. While a turn is in flight after a crash, what is new may be its agent's, and its conclusion judges it.
 */
async function foreignCommits({ git }: Repository, places: Places, config: Config, branch: string, tip: string, head: string): Promise<string[]> {
  if (existsSync(places.journal)) return [];
  const { records } = await readRecords(recordsFile(join(dirname(places.scratch), config.logs_dir), branch));
  const own = new Set(records.flatMap((record) => record.commits));
  const text = await git.run(['log', '--first-parent', '--format=%H%x00%(trailers:key=Orchestrator-Turn,valueonly,separator=%x2C)', `${tip}..${head}`]);
  const commits = text.split('\n').filter((line) => line !== '').map((line) => line.split('\0'));
  return commits.filter(([id = '', turn = '']) => turn === '' && !own.has(id)).map(([id = '']) => id.slice(0, 12));
}

const precondition = (code: string, message: string, hint: string): Failure => ({ code, kind: 'precondition', message, hint });

