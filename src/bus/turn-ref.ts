import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import type { Git } from '../git/git.ts';
import { fileAt } from '../git/history.ts';
import { fetchRefs, listRemote, makeFileCommit, pushAll } from '../git/push.ts';
import type { PushOutcome, PushedRef } from '../git/push.ts';
import type { ClaimedTurn } from '../loop/contract.ts';
import { controlRef, isOwnClaim, parseClaim, turnRef } from './claim.ts';
import type { Claim } from './claim.ts';
import { claimHeld, leaseLost, refusesRef, unreachable } from './failures.ts';

/** The refs of one branch on the remote, as one `ls-remote` told them; '' where there is none. */
export interface RefsSeen {
  readonly tip: string;
  readonly claim_id: string;
  readonly control_id: string;
}

export interface TurnRefSettings {
  readonly git: Git;
  readonly remote: string;
  readonly branch: string;
  /** `.git/orchestrator`. */
  readonly control: string;
  readonly lease_ms: number;
  /** A remote elsewhere may take a question and never answer; null for one that is a folder here. Milliseconds. */
  readonly patience_ms?: number | null;
}

/** How long a question to a remote elsewhere may take. */
export interface Patience {
  readonly timeout_ms?: number;
  readonly signal?: AbortSignal;
}

/** This checkout's end of the turn ref. Everything that moves the ref goes through one queue. */
export interface TurnRef {
  readonly ref: string;
  /** The claim that this process holds; null when none. */
  held(): Claim | null;
  /** Whether a claim is the one in hand, or was left by this checkout. */
  isMine(claim: Claim): boolean;
  /** Aborted once the claim was seen lost. */
  readonly lost: AbortSignal;
  /** `call`: less patience than usual, and what ends the question at once. */
  look(call?: Patience): Promise<Result<RefsSeen>>;
  claimAt(id: string): Promise<Claim | null>;
  /** Fetches refs; git's words where it did not work. */
  fetch(...refspecs: string[]): Promise<string | null>;
  /** Swaps the ref from `expect` to a claim on the turn. Failures: `claim_held` (somebody else was faster), `remote_not_able`, `remote_unavailable`. */
  take(turn: ClaimedTurn, expect: string, renewal: number): Promise<Result<void>>;
  /** Pushes the branch and the claim's end, all or nothing; the claim is the fence. */
  push(from: string, phase: Claim['phase']): Promise<PushOutcome | { readonly kind: 'lost' } | { readonly kind: 'landed' }>;
  /** Gives the claim back without anything else; one try. */
  letGo(phase: Claim['phase']): Promise<void>;
  /** Takes up a claim of this checkout that a crash left. */
  adopt(claim: Claim, id: string): void;
  /** Stops renewing, and waits for what is under way. */
  quiet(): Promise<void>;
}

/** How long a push of a turn's work may take at first (or half a lease, if that is shorter), and at most. Milliseconds. */
const WORK_MS = 60_000;
const LONGEST_WORK_MS = 960_000;
/** A claim that is refused although nobody moved the ref met a lock, or a rule of the remote: which of them, time tells. Milliseconds. */
const LOCK_MS = 5000;

export function openTurnRef(settings: TurnRefSettings): TurnRef {
  const { git, remote, branch } = settings;
  const ref = turnRef(branch);
  const heads = `refs/heads/${branch}`;
  const owner = ownerId(settings.control);
  const lost = new AbortController();
  let held: Claim | null = null;
  let release: { readonly renewal: number; readonly id: Promise<string | null> } | null = null;
  /** Id of our own last push: a claim that is not it any more is not ours to move. */
  let pushed = '';
  let renewing: NodeJS.Timeout | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const patience: Patience = settings.patience_ms == null ? {} : { timeout_ms: settings.patience_ms };
  /** Work may be large: it gets more time than a question, and more each time that there was no answer. */
  const firstWorkMs = Math.min(WORK_MS, settings.lease_ms / 2);
  let workMs = firstWorkMs;
  const patienceForWork = (): Patience => (settings.patience_ms == null ? {} : { timeout_ms: Math.max(settings.patience_ms, workMs) });
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = queue.then(work, work);
    queue = next.catch(() => undefined);
    return next;
  };
  const look = async (call: Patience = {}): Promise<Result<RefsSeen>> => {
    const control = controlRef(branch);
    const listed = await listRemote(git, remote, [heads, ref, control], patience.timeout_ms === undefined ? {} : { ...patience, ...call, timeout_ms: Math.min(patience.timeout_ms, call.timeout_ms ?? Infinity) });
    if ('problem' in listed) return fail(unreachable(remote, listed.problem));
    const { refs } = listed;
    return ok({ tip: refs.get(heads) ?? '', claim_id: refs.get(ref) ?? '', control_id: refs.get(control) ?? '' });
  };
  const claimAt = async (id: string): Promise<Claim | null> => {
    if (id === '') return null;
    const own = held;
    if (own !== null && id === pushed) return own;
    let text = await fileAt(git, id, 'claim.json');
    if (text === null) {
      await fetchRefs(git, remote, [`+${ref}:${ref}`], patience);
      text = await fileAt(git, id, 'claim.json');
    }
    return text === null ? null : parseClaim(text);
  };
  const commitOf = (claim: Claim): Promise<string> => makeFileCommit(git, 'claim.json', `${JSON.stringify(claim, null, 2)}\n`, `orchestrator: ${claim.actor} ${claim.phase}\n`);
  const put = async (claim: Claim, expect: string, along: readonly PushedRef[] = []): Promise<PushOutcome> => {
    const ready = release?.renewal === claim.renewal && claim.phase === 'released' ? await release.id : null;
    const id = ready ?? (await commitOf(claim));
    const outcome = await pushAll(git, remote, [...along, { from: id, to: ref, expect }], along.length > 0 ? patienceForWork() : patience);
    if (along.length > 0) workMs = outcome.kind === 'unanswered' ? Math.min(2 * workMs, LONGEST_WORK_MS) : firstWorkMs;
    if (outcome.kind === 'done') {
      pushed = id;
      hold(claim.phase === 'held' ? claim : null);
    }
    return outcome;
  };
  /** The commit that ends a claim well is made ahead, while the agent works. */
  const hold = (claim: Claim | null): void => {
    held = claim;
    const next = claim === null ? null : { ...claim, phase: 'released' as const, renewal: claim.renewal + 1 };
    release = next === null ? null : { renewal: next.renewal, id: commitOf(next).catch(() => null) };
  };
  const loseTo = (claim: Claim | null): void => {
    held = null;
    clearInterval(renewing);
    lost.abort(leaseLost(claim));
  };
  /** After a push that was refused or had no answer: what the remote has decides. Null when it does not answer. */
  const settle = async (mine: Claim): Promise<'mine' | 'released' | 'lost' | null> => {
    const now = await look();
    if (!now.ok) return null;
    const there = await claimAt(now.value.claim_id);
    if (there?.nonce === mine.nonce && there.phase === 'held') {
      hold(there);
      pushed = now.value.claim_id;
      return 'mine';
    }
    if (there?.nonce === mine.nonce) return 'released';
    loseTo(there);
    return 'lost';
  };
  const renew = (): Promise<void> =>
    inTurn(async () => {
      const mine = held;
      if (mine === null) return;
      const outcome = await put({ ...mine, renewal: mine.renewal + 1 }, pushed);
      if (outcome.kind !== 'done') await settle(mine);
    });
  const startRenewing = (): void => {
    clearInterval(renewing);
    renewing = setInterval(() => void renew(), settings.lease_ms / 3);
    renewing.unref();
  };

  return {
    ref,
    held: () => held,
    isMine: (claim) => isOwnClaim(claim, owner, held?.nonce ?? null),
    lost: lost.signal,
    look,
    claimAt,
    async fetch(...refspecs) {
      const output = await fetchRefs(git, remote, refspecs, patienceForWork());
      return output.code === 0 ? null : output.stderr;
    },
    take: (turn, expect, renewal) =>
      inTurn(async () => {
        const { actor, iteration, turn_id, attempt, base, nonce } = turn;
        const claim: Claim = { owner, host: hostname(), pid: process.pid, actor, iteration, turn_id, attempt, nonce, renewal, lease_seconds: settings.lease_ms / 1000, phase: 'held', base };
        const began = performance.now();
        for (;;) {
          const outcome = await put(claim, expect);
          if (outcome.kind === 'done') break;
          const now = await look();
          if (!now.ok) return now;
          // No answer may mean that it arrived.
          const there = await claimAt(now.value.claim_id);
          if (there?.nonce === claim.nonce) {
            hold(claim);
            pushed = now.value.claim_id;
            break;
          }
          if (now.value.claim_id !== expect) return fail(claimHeld(there));
          if (outcome.kind === 'unanswered') return fail(unreachable(remote, outcome.problem));
          if (performance.now() - began > LOCK_MS) return fail(refusesRef(remote, ref, outcome.problem));
          await delay(250);
        }
        startRenewing();
        return ok(undefined);
      }),
    push: (from, phase) =>
      inTurn(async () => {
        const mine = held;
        if (mine === null) return { kind: 'lost' };
        const outcome = await put({ ...mine, phase, renewal: mine.renewal + 1 }, pushed, [{ from, to: heads }]);
        if (outcome.kind === 'done') {
          clearInterval(renewing);
          return outcome;
        }
        const found = await settle(mine);
        if (found === 'lost') return { kind: 'lost' };
        if (found !== 'released') return outcome;
        held = null;
        clearInterval(renewing);
        return { kind: 'landed' };
      }),
    letGo: (phase) =>
      inTurn(async () => {
        clearInterval(renewing);
        if (held !== null) await put({ ...held, phase, renewal: held.renewal + 1 }, pushed).catch(() => undefined);
        held = null;
      }),
    adopt(claim, id) {
      hold(claim);
      pushed = id;
      startRenewing();
    },
    async quiet() {
      clearInterval(renewing);
      await queue;
    },
  };
}

/** A stable id of this checkout, made once. */
function ownerId(control: string): string {
  const file = join(control, 'owner');
  mkdirSync(control, { recursive: true });
  try {
    writeFileSync(file, `${randomBytes(12).toString('hex')}\n`, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
