import { crashPoint } from '../base/crash-point.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { fileAt, isAncestor } from '../git/history.ts';
import type { Landed, Landing, LoopEvent, StateDocument } from '../loop/contract.ts';
import { stillMine } from './decide.ts';
import { branchDeleted, leaseLost, overtaken, refusedFor, secretInPush } from './failures.ts';
import { follow } from './follow.ts';
import { keep, restack, secretsIn } from './landing.ts';
import type { Checkout } from './landing.ts';
import type { RemoteView } from './remote-view.ts';
import type { TurnRef } from './turn-ref.ts';
import { backOff } from './wake.ts';
import type { Wake } from './wake.ts';

export interface HandOverSettings {
  readonly checkout: Checkout;
  readonly turnRef: TurnRef;
  readonly view: RemoteView;
  readonly wake: Wake;
  readonly poll_ms: number;
  readonly emit: (event: LoopEvent) => void;
  readonly signal: AbortSignal;
  /** The state's text as this runner stamped it. */
  readonly onStamped: (text: string | null) => void;
}

/** So long a branch may stay locked for somebody else's push. Milliseconds. */
const LOCKED_MS = 60_000;

/** Brings finished turns to the remote: one atomic push each, tried until it works or the lease is seen lost. */
export function handOver({ checkout, turnRef, view, wake, poll_ms, emit, signal, onStamped }: HandOverSettings): (landing: Landing) => Promise<Result<Landed>> {
  const { git } = checkout.repository;
  const { remote } = checkout;
  const publish = async (landing: Landing): Promise<Result<Landed>> => {
    if (landing.kept !== null) await keep(checkout, landing.turn_id, landing.kept, landing.base);
    const lost = async (failure: Failure): Promise<Result<Landed>> => {
      // What was committed here and did not land is kept, others may take the turn, and the branch goes back to what the remote has.
      await turnRef.letGo('released');
      const refs = await turnRef.look();
      const tip = refs.ok ? refs.value.tip : '';
      if (tip !== '') await view.fetchTip(tip).catch(() => undefined);
      const there = tip !== '' && (await isAncestor(git, landing.work, tip));
      if (!there) await keep(checkout, landing.turn_id, landing.work, landing.base);
      if (refs.ok && tip !== '') {
        await follow(checkout, refs.value.tip, (path) => landing.person.has(path), landing.turn_id).catch(() => undefined);
      }
      return fail(failure);
    };
    // Looked through while the remote is asked: mostly these are the commits that are pushed.
    const scanned = landing.stamped === null ? null : secretsIn(git, landing.stamped, [landing.base]).catch(() => null);
    let lastTip = '';
    let told = '';
    let refusedSince: number | null = null;
    for (let tries = 0; ; tries++) {
      if (signal.aborted && tries > 0) return fail(signal.reason as Failure);
      const now = await view.look();
      if (!now.ok) {
        if (now.failure.code === 'branch_gone') return await lost(branchDeleted(checkout, landing));
        if (now.failure.code !== 'remote_unavailable') return await lost(now.failure);
        // The remote is merely away: the work waits for it as long as the lease is not seen lost.
        if (told !== now.failure.message) emit({ type: 'run.waiting', for: `${remote}, to hand off the turn (${now.failure.message})` });
        told = now.failure.message;
        await wake.wait(backOff(poll_ms, tries), signal);
        continue;
      }
      const { look: there, document } = now.value;
      const landed = landing.stamped !== null && (there.tip === landing.stamped || (there.tip !== landing.base && (await isAncestor(git, landing.stamped, there.tip))));
      if (landed) {
        await turnRef.letGo(landing.phase);
        return await settleOn(landing, there.tip, null, null);
      }
      if (turnRef.held() === null || there.claim?.nonce !== turnRef.held()?.nonce) return await lost(leaseLost(there.claim));
      if (!stillMine(there.state, landing)) return await lost(overtaken(landing, there));
      const made = there.tip === landing.base && landing.stamped !== null ? { head: landing.stamped, document: null, failure: null } : await restack(checkout, landing, there.tip, document);
      const leaks = (made.head === landing.stamped ? await scanned : null) ?? (await secretsIn(git, made.head, [there.tip]));
      if (leaks.length > 0) return await lost(secretInPush(leaks));
      crashPoint('before-push');
      const pushed = await turnRef.push(made.head, made.failure === null ? landing.phase : 'failed');
      crashPoint('after-push');
      if (pushed.kind === 'lost') return await lost(leaseLost(null));
      if (pushed.kind === 'done' || pushed.kind === 'landed') return await settleOn(landing, made.head, made.document, made.failure);
      // Refused although nothing moved: a lock, or a rule of the remote that will not go away.
      refusedSince = pushed.kind === 'refused' && there.tip === lastTip ? (refusedSince ?? performance.now()) : null;
      lastTip = there.tip;
      if (refusedSince !== null && performance.now() - refusedSince > LOCKED_MS) return await lost(refusedFor(remote, checkout.branch, landing.turn_id, pushed.problem));
      if (pushed.kind === 'unanswered' || refusedSince !== null) await wake.wait(Math.min(poll_ms, 1000), signal);
    }
  };
  const settleOn = async (landing: Landing, head: string, document: StateDocument | null, failure: Failure | null): Promise<Result<Landed>> => {
    view.pushed(head);
    const followed = await follow(checkout, head, (path) => landing.person.has(path), landing.turn_id);
    const text = await fileAt(git, head, checkout.state_file);
    // What this runner stamped itself ends it in other ways.
    onStamped(text);
    return ok({ head, document, failure: failure ?? (followed.ok ? null : followed.failure) });
  };
  return publish;
}
