import type { Clock } from '../base/clock.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { checkedOutBranch } from '../git/head.ts';
import { ownCommits, resolveCommit } from '../git/history.ts';
import { freshState } from '../loop/contract.ts';
import type { LoopEvent, NextTurn, RoleHandOff, StopRequest } from '../loop/contract.ts';
import { decide, stillMine, watched } from './decide.ts';
import type { Baseline, Decision, RemoteLook, Runner, Watched } from './decide.ts';
import { claimHeld, notMine, waitedTooLong } from './failures.ts';
import { catchUp } from './follow.ts';
import { handOver } from './hand-over.ts';
import { commitAside, keep } from './landing.ts';
import type { Checkout } from './landing.ts';
import { remoteView } from './remote-view.ts';
import type { TurnRef } from './turn-ref.ts';
import { backOff } from './wake.ts';
import type { Wake } from './wake.ts';

export interface RoleSettings {
  readonly checkout: Checkout;
  readonly turnRef: TurnRef;
  readonly wake: Wake;
  readonly runner: Omit<Runner, 'isMine'>;
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
  const { remote } = checkout;
  const runner: Runner = { ...settings.runner, isMine: turnRef.isMine };
  let baseline: Baseline | null = null;
  let seen: { claim: Watched; tip: Watched } | null = null;
  let fresh = false;
  const view = remoteView(checkout, turnRef);
  const { look } = view;

  const next: RoleHandOff['next'] = async (isPerson): Promise<Result<NextTurn>> => {
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
      const asked = settings.stopAsked();
      if (asked !== null) return ok({ kind: 'end', why: 'stopped', document: view.last()?.document ?? freshState(), reason: asked.reason });
      const left = settings.max_wait_ms === null ? {} : { timeout_ms: Math.max(1000, settings.max_wait_ms - (clock.monotonic() - began)) };
      const now = await look({ ...left, signal });
      let pause: number;
      if (!now.ok) {
        if (now.failure.code !== 'remote_unavailable') return now;
        away++;
        tell(`${remote}, which does not answer (${now.failure.message})`);
        pause = backOff(settings.poll_ms, away);
      } else {
        away = 0;
        const { document } = now.value;
        const seenNow = now.value.look;
        baseline ??= { state_text: seenNow.state_text, control_id: seenNow.control_id };
        const at = clock.monotonic();
        if (seen !== null && (seen.tip.id !== seenNow.tip || seen.claim.id !== seenNow.claim_id)) moved = at;
        const poll = pollFor(seenNow, at - moved);
        seen = { claim: watched(seen?.claim ?? null, seenNow.claim_id, at, 2 * poll + 1000), tip: watched(seen?.tip ?? null, seenNow.tip, at, 2 * poll + 1000) };
        const decision = decide(seenNow, runner, baseline, seen);
        if (decision.act === 'end') return ok({ kind: 'end', why: decision.why, document, reason: decision.why === 'stopped' ? await settings.controlReason(seenNow.control_id) : null });
        if (decision.act === 'claim') {
          const followed = await catchUp(checkout, seenNow.tip, isPerson);
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

  // What this runner stamped itself ends it in other ways.
  const onStamped = (text: string | null): void => void (baseline = { state_text: text, control_id: (baseline ?? view.last()?.look)?.control_id ?? '' });

  return {
    lost: turnRef.lost,
    async state() {
      const now = await look();
      return now.ok ? ok(now.value.document) : now;
    },
    next,
    publish: handOver({ checkout, turnRef, view, wake, poll_ms: settings.poll_ms, emit, signal, onStamped }),
    async claim(turn) {
      // Right after `next` nothing needs to be asked again: the claim is a swap from what was seen then.
      const last = view.last();
      const now = fresh && last !== null ? ok(last) : await look();
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
    async resume(turn_id, nonce) {
      const now = await look();
      // Without an answer the claim may still be there: the hand-off will tell.
      if (!now.ok) return false;
      const { claim, claim_id } = now.value.look;
      if (claim === null || claim.nonce !== nonce) return false;
      if (claim.phase === 'held') turnRef.adopt(claim, claim_id);
      return claim.turn_id === turn_id;
    },
    async rescue({ turn_id, base }, paths) {
      const ref = `refs/heads/${checkout.branch}`;
      const head = await resolveCommit(git, ref);
      const here = checkedOutBranch(checkout.repository) === checkout.branch;
      if (paths.length > 0 && here) await keep(checkout, turn_id, await commitAside(checkout, paths, `orchestrator: work of ${turn_id}, which did not land\n`), base);
      else if (head !== null && head !== base) await keep(checkout, turn_id, head, base);
      if (head === null || head === base) return;
      // Its commits are kept; in the tree they stay as uncommitted work, so that the branch can follow the remote.
      const own = await ownCommits(git, base, head, []);
      if (own.commits.length === 0) return;
      if (here) await git.run(['reset', '--mixed', '--quiet', base]).catch(() => undefined);
      else await git.run(['update-ref', '-m', 'orchestrator: kept aside', ref, base, head]);
    },
    letGo: () => turnRef.letGo('released'),
    async close() {
      await turnRef.quiet();
      wake.close();
    },
  };
}

function waitingFor(decision: Extract<Decision, { act: 'wait' }>, { state, claim }: RemoteLook, runner: Runner): string {
  const holder = claim?.phase === 'held' ? `, at work on ${claim.host} (process ${claim.pid})` : '';
  if (decision.reason === 'peer') return `${state.expected_actor}'s turn of iteration ${state.iteration}${holder}`;
  if (decision.reason === 'claim') return `the claim on ${runner.role}'s turn of iteration ${state.iteration}${holder}`;
  return `an earlier runner, which says that it is ${state.status}`;
}
