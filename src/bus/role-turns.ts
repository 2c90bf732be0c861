import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import type { Clock } from '../base/clock.ts';
import { crashPoint } from '../base/crash-point.ts';
import { checkedOutCommit } from '../git/head.ts';
import { fileAt, isAncestor, ownCommits, resolveCommit } from '../git/history.ts';
import { freshState, parseState } from '../loop/contract.ts';
import type { Landed, Landing, LoopEvent, NextTurn, RoleHandOff, StateDocument, StopRequest } from '../loop/contract.ts';
import { decide, stillMine, watched } from './decide.ts';
import type { Baseline, Decision, RemoteLook, Runner, Watched } from './decide.ts';
import { commitAside, follow, keep, restack, secretsIn } from './landing.ts';
import type { Checkout } from './landing.ts';
import { claimHeld, leaseLost, unreachable } from './turn-ref.ts';
import type { RefsSeen, TurnRef } from './turn-ref.ts';
import type { Wake } from './wake.ts';

export interface RoleSettings {
  readonly checkout: Checkout;
  readonly turnRef: TurnRef;
  readonly wake: Wake;
  readonly runner: Omit<Runner, 'owner'>;
  readonly poll_ms: number;
  /** Null = no end. */
  readonly max_wait_ms: number | null;
  readonly clock: Clock;
  readonly emit: (event: LoopEvent) => void;
  readonly signal: AbortSignal;
  readonly stopAsked: () => StopRequest | null;
  /** The reason that stands in the control ref. */
  readonly controlReason: (id: string) => Promise<string | null>;
}

/** While nothing moves for long, the remote is asked less and less often. Milliseconds. */
const SLOWEST_POLL = 15_000;
const QUIET_AFTER = 120_000;
/** Beside a watch, polling is a safety net. */
const WATCHED_POLL = 10_000;

/** Turns of one role, handed off through the remote. */
export function roleTurns(settings: RoleSettings): RoleHandOff {
  const { checkout, turnRef, wake, clock, emit, signal } = settings;
  const { git } = checkout.repository;
  const { remote, branch } = checkout;
  const runner: Runner = { ...settings.runner, owner: turnRef.owner };
  let baseline: Baseline | null = null;
  let seen: { claim: Watched; tip: Watched } | null = null;
  /** The tip that this runner pushed itself. */
  let own = '';
  let fresh = false;
  let found: { look: RemoteLook; document: StateDocument } | null = null;

  /** Reads what the refs hold; fetches only what is new. */
  const read = async (refs: RefsSeen): Promise<Result<{ look: RemoteLook; document: StateDocument }>> => {
    if (found !== null && found.look.tip === refs.tip && found.look.claim_id === refs.claim_id) {
      found = { ...found, look: { ...found.look, control_id: refs.control_id } };
      return ok(found);
    }
    if (refs.tip === '') return fail(branchGone(remote, branch));
    if (found?.look.tip === refs.tip) {
      found = { document: found.document, look: { ...found.look, ...refs, claim: refs.claim_id === '' ? null : await turnRef.claimAt(refs.claim_id) } };
      return ok(found);
    }
    await fetchTip(refs.tip, refs.claim_id !== '' && refs.claim_id !== found?.look.claim_id);
    const text = await fileAt(git, refs.tip, checkout.state_file);
    const parsed = text === null ? ok(freshState()) : parseState(text, `${checkout.state_file} on ${remote}/${branch}`);
    if (!parsed.ok) return parsed;
    const claim = refs.claim_id === '' ? null : await turnRef.claimAt(refs.claim_id);
    found = { document: parsed.value, look: { ...refs, state: parsed.value.state, state_text: text, claim } };
    return ok(found);
  };
  /** The claim comes along in the same fetch, as it changed with the branch. */
  const fetchTip = async (tip: string, claim = false): Promise<void> => {
    if (tip === own) return;
    const problem = await turnRef.fetch(`+refs/heads/${branch}:refs/remotes/${remote}/${branch}`, ...(claim ? [`+${turnRef.ref}:${turnRef.ref}`] : []));
    if (problem !== null) throw new Error(`git fetch: ${problem}`);
  };
  const look = async (): Promise<Result<{ look: RemoteLook; document: StateDocument }>> => {
    const refs = await turnRef.look();
    if (!refs.ok) return refs;
    try {
      return await read(refs.value);
    } catch (error) {
      return fail(unreachable(remote, error instanceof Error ? error.message : String(error)));
    }
  };

  const next = async (person: ReadonlySet<string>): Promise<Result<NextTurn>> => {
    const began = clock.monotonic();
    let moved = began;
    let away = 0;
    let told = '';
    const tell = (what: string, until?: Date): void => {
      if (what !== told) emit({ type: 'run.waiting', for: what, ...(until === undefined ? {} : { until: until.toISOString() }) });
      told = what;
    };
    for (;;) {
      if (signal.aborted) return fail(signal.reason as Failure);
      const now = await look();
      let pause: number;
      if (!now.ok) {
        if (now.failure.code !== 'remote_unavailable') return now;
        away++;
        tell(`${remote}, which does not answer (${now.failure.message})`);
        pause = Math.min(settings.poll_ms * 2 ** Math.min(away, 6), SLOWEST_POLL) * (0.5 + Math.random() / 2);
      } else {
        away = 0;
        const { document } = now.value;
        const seenNow = now.value.look;
        baseline ??= { state_text: seenNow.state_text, control_id: seenNow.control_id };
        const at = clock.monotonic();
        if (seen !== null && (seen.tip.id !== seenNow.tip || seen.claim.id !== seenNow.claim_id)) moved = at;
        const poll = pollFor(seenNow, at - moved);
        seen = { claim: watched(seen?.claim ?? null, seenNow.claim_id, at, 2 * poll + 1000), tip: watched(seen?.tip ?? null, seenNow.tip, at, 2 * poll + 1000) };
        const asked = settings.stopAsked();
        if (asked !== null) return ok({ kind: 'end', why: 'stopped', document, reason: asked.reason });
        const decision = decide(seenNow, runner, baseline, seen);
        if (decision.act === 'end') return ok({ kind: 'end', why: decision.why, document, reason: decision.why === 'stopped' ? await settings.controlReason(seenNow.control_id) : null });
        if (decision.act === 'claim') {
          const followed = await catchUp(checkout, seenNow.tip, person);
          if (!followed.ok) return followed;
          fresh = true;
          return ok({ kind: 'turn', attempt: decision.attempt });
        }
        pause = decision.left_ms === null ? poll : Math.min(poll, Math.max(decision.left_ms, 0) + 20);
        tell(waitingFor(decision, now.value.look, runner), decision.left_ms === null ? undefined : new Date(clock.now().getTime() + Math.max(0, decision.left_ms)));
      }
      const waited = clock.monotonic() - began;
      if (settings.max_wait_ms !== null && waited >= settings.max_wait_ms) return fail(waitedTooLong(settings.max_wait_ms, told));
      await wake.wait(settings.max_wait_ms === null ? pause : Math.min(pause, settings.max_wait_ms - waited), signal);
    }
  };
  const pollFor = ({ claim }: RemoteLook, still_ms: number): number => {
    const usual = wake.watches ? Math.max(settings.poll_ms, WATCHED_POLL) : still_ms > QUIET_AFTER ? Math.min(SLOWEST_POLL, settings.poll_ms * (still_ms / QUIET_AFTER)) : settings.poll_ms;
    // A lease can only be counted by looking often enough.
    return claim?.phase === 'held' ? Math.min(usual, Math.max(settings.poll_ms / 4, (claim.lease_seconds * 1000) / 3)) : usual;
  };

  const publish = async (landing: Landing): Promise<Result<Landed>> => {
    if (landing.kept !== null) await keep(checkout, landing.turn_id, landing.kept, landing.base);
    const lost = async (failure: Failure): Promise<Result<Landed>> => {
      // What was committed here and did not land is kept, and the branch goes back to what the remote has.
      if (landing.work !== landing.base) await keep(checkout, landing.turn_id, landing.work, landing.base);
      const refs = await turnRef.look();
      if (refs.ok && refs.value.tip !== '') {
        await fetchTip(refs.value.tip).catch(() => undefined);
        await follow(checkout, refs.value.tip, landing.person, landing.turn_id).catch(() => undefined);
      }
      return fail(failure);
    };
    // Looked through while the remote is asked: mostly these are the commits that are pushed.
    const scanned = landing.stamped === null ? null : secretsIn(git, landing.stamped, [landing.base]).catch(() => null);
    for (let tries = 0; ; tries++) {
      if (signal.aborted && tries > 0) return fail(signal.reason as Failure);
      const now = await look();
      if (!now.ok) {
        if (now.failure.code !== 'remote_unavailable') return await lost(now.failure);
        // The remote is merely away: the work waits for it as long as the lease is not seen lost.
        emit({ type: 'run.waiting', for: `${remote}, to hand off the turn (${now.failure.message})` });
        await wake.wait(Math.min(settings.poll_ms * 2 ** Math.min(tries, 6), SLOWEST_POLL) * (0.5 + Math.random() / 2), signal);
        continue;
      }
      const { look: there, document } = now.value;
      const landed = landing.stamped !== null && (there.tip === landing.stamped || (there.tip !== landing.base && (await isAncestor(git, landing.stamped, there.tip))));
      if (landed) {
        await turnRef.letGo(landing.phase);
        return await settleOn(landing, there.tip, null, null);
      }
      if (turnRef.held() === null || there.claim?.nonce !== turnRef.held()?.nonce) return await lost(leaseLost(there.claim));
      if (!stillMine(there.state, landing)) {
        await turnRef.letGo('released');
        return await lost(overtaken(landing, there));
      }
      const made = there.tip === landing.base && landing.stamped !== null ? { head: landing.stamped, document: null, failure: null } : await restack(checkout, landing, there.tip, document);
      const leaks = (made.head === landing.stamped ? await scanned : null) ?? (await secretsIn(git, made.head, [there.tip]));
      if (leaks.length > 0) {
        await turnRef.letGo('released');
        return await lost(secretInPush(leaks));
      }
      crashPoint('before-push');
      const pushed = await turnRef.push(made.head, made.failure === null ? landing.phase : 'failed');
      crashPoint('after-push');
      if (pushed.kind === 'lost') return await lost(leaseLost(null));
      if (pushed.kind === 'done' || pushed.kind === 'landed') return await settleOn(landing, made.head, made.document, made.failure);
      if (tries > 20 && pushed.kind === 'refused') return await lost(unreachable(remote, pushed.problem));
      if (pushed.kind === 'unanswered') await wake.wait(settings.poll_ms, signal);
    }
  };
  const settleOn = async (landing: Landing, head: string, document: StateDocument | null, failure: Failure | null): Promise<Result<Landed>> => {
    own = head;
    const followed = await follow(checkout, head, landing.person, landing.turn_id);
    const text = await fileAt(git, head, checkout.state_file);
    // What this runner stamped itself ends it in other ways.
    baseline = { state_text: text, control_id: baseline?.control_id ?? '' };
    return ok({ head, document, failure: failure ?? (followed.ok ? null : followed.failure) });
  };

  return {
    lost: turnRef.lost,
    next,
    publish,
    async claim(turn) {
      // Right after `next` nothing needs to be asked again: the claim is a swap from what was seen then.
      const now = fresh && found !== null ? ok(found) : await look();
      fresh = false;
      if (!now.ok) return now;
      const { look: there } = now.value;
      const before = seen === null ? null : decide(there, runner, baseline ?? { state_text: there.state_text, control_id: there.control_id }, seen);
      if (before !== null && before.act !== 'claim') return fail(before.act === 'wait' ? claimHeld(there.claim) : notMine(turn));
      if (there.tip !== turn.base) return fail(notMine(turn));
      const taken = await turnRef.take(turn, there.claim_id, (there.claim?.renewal ?? 0) + 1);
      if (!taken.ok) return taken;
      const after = await look();
      if (after.ok && after.value.look.tip === turn.base && stillMine(after.value.look.state, turn)) return taken;
      await turnRef.letGo('released');
      return after.ok ? fail(notMine(turn)) : after;
    },
    async resume(turn, nonce) {
      const now = await look();
      // Without an answer the claim may still be there: the hand-off will tell.
      if (!now.ok) return false;
      const { claim, claim_id } = now.value.look;
      if (claim === null || claim.nonce !== nonce) return false;
      if (claim.phase === 'held') turnRef.adopt(claim, claim_id);
      return claim.turn_id === turn.turn_id;
    },
    async rescue({ turn_id, base }, paths) {
      const head = await resolveCommit(git, 'HEAD');
      if (paths.length > 0) await keep(checkout, turn_id, await commitAside(checkout, paths, `orchestrator: work of ${turn_id}, which did not land\n`), base);
      else if (head !== null && head !== base) await keep(checkout, turn_id, head, base);
      if (head === null || head === base) return;
      // Its commits are kept; in the tree they stay as uncommitted work, so that the branch can follow the remote.
      const own = await ownCommits(git, base, head, []);
      if (own.commits.length > 0) await git.run(['reset', '--mixed', '--quiet', base]).catch(() => undefined);
    },
    letGo: () => turnRef.letGo('released'),
    async close() {
      await turnRef.quiet();
      wake.close();
    },
  };
}

/** Brings a checkout that is merely behind to the tip; one that has commits of its own is told. */
async function catchUp(checkout: Checkout, tip: string, person: ReadonlySet<string>): Promise<Result<void>> {
  const { git } = checkout.repository;
  if ((await checkedOutCommit(checkout.repository)) === tip) return ok(undefined);
  // Mostly it is simply behind; git says so where it is not, or where something is in the way.
  const merged = await git.attempt(['merge', '--ff-only', '--quiet', tip]);
  const head = await checkedOutCommit(checkout.repository);
  if (merged.code === 0 && head === tip) return ok(undefined);
  if (!(await isAncestor(git, head, tip))) return fail(diverged(checkout));
  return await follow(checkout, tip, person, `before-${tip.slice(0, 12)}`);
}

function waitingFor(decision: Extract<Decision, { act: 'wait' }>, { state, claim }: RemoteLook, runner: Runner): string {
  const holder = claim?.phase === 'held' ? `, at work on ${claim.host} (process ${claim.pid})` : '';
  if (decision.reason === 'peer') return `${state.expected_actor}'s turn of iteration ${state.iteration}${holder}`;
  if (decision.reason === 'claim') return `the claim on ${runner.role}'s turn of iteration ${state.iteration}${holder}`;
  return `an earlier runner, which says that it is ${state.status}`;
}

export const diverged = ({ remote, branch }: Checkout): Failure => ({ code: 'unpushed_commits', kind: 'precondition', message: `This checkout's ${branch} has commits that ${remote} does not have; in role mode the branch on the remote is the one that counts.`, hint: `Push them yourself (git pull --rebase ${remote} ${branch} && git push ${remote} ${branch}), or put them on another branch.` });
const branchGone = (remote: string, branch: string): Failure => ({ code: 'branch_gone', kind: 'precondition', message: `The remote ${remote} has no branch ${branch}.`, hint: `git push ${remote} ${branch}, then run again. Nothing here was changed.` });
const notMine = (turn: { readonly actor: string; readonly iteration: number }): Failure => ({ code: 'turn_moved', kind: 'conflict', message: `${turn.actor}'s turn of iteration ${turn.iteration} is not to be had any more.` });
const overtaken = (landing: Landing, { state }: RemoteLook): Failure => ({ code: 'lease_lost', kind: 'conflict', message: `The branch has gone on to ${state.expected_actor}'s turn of iteration ${state.iteration} without ${landing.actor}'s turn of iteration ${landing.iteration}; its work is kept (orchestrator rescue show ${landing.turn_id}).` });
const secretInPush = (leaks: readonly string[]): Failure => ({ code: 'secret_in_push', kind: 'failed', message: `Nothing was pushed, because the commits to push hold what looks like a secret: ${leaks.slice(0, 10).join(', ')}.`, hint: 'Take it out of those commits, and replace it where it is used.', details: { paths: [...leaks] } });
const waitedTooLong = (ms: number, what: string): Failure => ({ code: 'max_wait', kind: 'timeout', message: `Waited ${Math.round(ms / 1000)} s for ${what || 'the other actor'}, as long as it was allowed to.`, hint: 'See orchestrator status; raise sync.max_wait (or --max-wait), or leave it out to wait without end.' });
