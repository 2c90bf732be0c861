import { dirname, join, relative, sep } from 'node:path';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../config/schema.ts';
import { reasonOf } from '../git/git.ts';
import type { Git } from '../git/git.ts';
import { resolveCommit } from '../git/history.ts';
import { fetchRefs } from '../git/push.ts';
import { remoteUrl } from '../git/remote.ts';
import type { Repository } from '../git/repository.ts';
import { readStop } from '../loop/contract.ts';
import type { LoopEvent, Places, RoleHandOff } from '../loop/contract.ts';
import { controlRef, turnRef } from './claim.ts';
import type { Runner } from './decide.ts';
import { controlReason } from './control.ts';
import { branchMissing, unreachable } from './failures.ts';
import { mayFollow } from './follow.ts';
import { checkRemote } from './guards.ts';
import type { Checkout } from './landing.ts';
import { roleTurns } from './role-turns.ts';
import { openTurnRef } from './turn-ref.ts';
import { localRemote, openWake } from './wake.ts';
import type { Wake } from './wake.ts';

export interface OpenRole {
  readonly config: Config;
  readonly repository: Repository;
  readonly places: Places;
  readonly branch: string;
  readonly head: string;
  readonly role: Runner['role'];
  /** A turn of this checkout was cut short: what is ahead of the remote may be its work. */
  readonly recovering: boolean;
  readonly wait_through_failures: boolean;
  readonly clock: Clock;
  readonly emit: (event: LoopEvent) => void;
  readonly signal: AbortSignal;
  /** Rings the runner awake, where a doorbell was asked for. */
  readonly listen: (wake: Wake) => Promise<Result<() => Promise<void>>>;
}

/** How long one question to the remote may take at the start. Milliseconds. */
const START_MS = 20_000;

/** Opens the way to the peer once the guards hold: the remote answers and takes what is needed, and nothing here is ahead of it. */
export async function openRole(options: OpenRole): Promise<Result<RoleHandOff>> {
  const { config, repository, places, branch, clock, emit, signal } = options;
  const { git } = repository;
  const { remote, lease } = config.sync;
  const bare = localRemote((await remoteUrl(git, remote)) ?? '', repository.root);
  // A remote elsewhere may take a question and never answer.
  const patience = bare === null ? { timeout_ms: START_MS, signal } : {};
  const looked = await checkRemote({ git, remote, branch, purpose: 'through which to hand off', otherwise: 'run in combined mode' }, patience);
  if (signal.aborted) return fail(signal.reason as Failure);
  if (!looked.ok) return looked;
  const { tip } = looked.value;
  if (tip === null) return fail(branchMissing(remote, branch));
  // As git names it: the workspace may be a folder of the checkout.
  const state_file = relative(repository.root, join(dirname(places.scratch), config.state_file)).split(sep).join('/');
  const checkout: Checkout = { repository, remote, branch, state_file, control: places.control, warn: (message) => emit({ type: 'warning', message }) };
  if (tip !== options.head) {
    if ((await resolveCommit(git, tip)) === null) {
      const fetched = await fetchRefs(git, remote, [`+refs/heads/${branch}:refs/remotes/${remote}/${branch}`], patience);
      if (fetched.code !== 0) return fail(unreachable(remote, reasonOf(fetched.stderr)));
    }
    // What a crashed turn of a role made stands on what the remote had; everything else that is ahead is a person's.
    const may = options.recovering ? ok(undefined) : await mayFollow(checkout, tip);
    if (!may.ok) return may;
  }
  const wake = openWake(bare, [`refs/heads/${branch}`, turnRef(branch), controlRef(branch)], [places.control]);
  const bell = await options.listen(wake);
  if (!bell.ok) {
    wake.close();
    return bell;
  }
  const turns = roleTurns({
    checkout,
    turnRef: openTurnRef({ git, remote, branch, control: places.control, lease_ms: lease, patience_ms: wake.watches ? null : Math.max(5000, Math.min(60_000, lease / 3)) }),
    wake,
    runner: { role: options.role, lease_ms: lease, wait_through_failures: options.wait_through_failures },
    poll_ms: config.sync.poll_interval,
    max_wait_ms: config.sync.max_wait ?? null,
    clock,
    emit,
    signal,
    stopAsked: () => readStop(places),
    controlReason: (id) => controlReason(git, remote, branch, id),
  });
  return ok({
    ...turns,
    async close() {
      await bell.value();
      await turns.close();
    },
  });
}

/** What an agent's own `git push` to the remote is told: its work is pushed under the claim, when its turn is over. */
const EXPLANATION = '/(the orchestrator pushes this work when the turn is over; commit it, and leave the push to it)';

/** Environment for agents that leads pushes (never fetches) to an address that says why it does not work. */
export async function noPushVariables(git: Git, remote: string): Promise<Record<string, string>> {
  const asked = await Promise.all([git.attempt(['remote', 'get-url', '--all', '--', remote]), git.attempt(['remote', 'get-url', '--all', '--push', '--', remote])]);
  const urls = [...new Set(asked.flatMap((output) => (output.code === 0 ? output.stdout.split('\n').filter((line) => line !== '') : [])))];
  const fetched = new Set(asked[0]?.code === 0 ? asked[0].stdout.split('\n') : []);
  const variables: Record<string, string> = {};
  urls.forEach((url, index) => {
    // An address that is only pushed to can be led astray whole; git does not apply pushInsteadOf to an explicit pushurl.
    variables[`GIT_CONFIG_KEY_${index}`] = `url.${EXPLANATION}.${fetched.has(url) ? 'pushInsteadOf' : 'insteadOf'}`;
    variables[`GIT_CONFIG_VALUE_${index}`] = url;
  });
  return urls.length === 0 ? {} : { ...variables, GIT_CONFIG_COUNT: String(urls.length) };
}
