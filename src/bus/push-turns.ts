import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crashPoint } from '../base/crash-point.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { findSecrets } from '../base/secrets.ts';
import type { Git } from '../git/git.ts';
import { addedLines, fileAt, isAncestor } from '../git/history.ts';
import { listRemote, makeFileCommit, pushAll } from '../git/push.ts';
import type { PushOutcome } from '../git/push.ts';
import type { ClaimedTurn, HandOff } from '../loop/contract.ts';
import { heldByOther, parseClaim, turnRef } from './claim.ts';
import type { Claim } from './claim.ts';

export interface PushSettings {
  readonly git: Git;
  readonly remote: string;
  readonly branch: string;
  /** `.git/orchestrator`. */
  readonly control: string;
  readonly lease_ms: number;
}

/**
 * Pushes each turn of a combined run under a claim, so that a role runner elsewhere can go on later. The claim is
 * renewed every third of its lease; all pushes of the turn ref go through one queue and compare with the last id seen.
 */
export async function pushTurns(settings: PushSettings): Promise<Result<HandOff>> {
  const { git, remote, branch } = settings;
  const ref = turnRef(branch);
  const owner = await ownerId(settings.control);
  const lost = new AbortController();
  /** `pushed` is the id of our own last push: a claim that is not it any more is not ours to move. */
  const mine: { held: Claim | null; pushed: string; seen: string } = { held: null, pushed: '', seen: '' };
  let queue: Promise<unknown> = Promise.resolve();
  let renewing: NodeJS.Timeout | undefined;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = queue.then(work, work);
    queue = next.catch(() => undefined);
    return next;
  };
  const look = async (): Promise<Result<{ tip: string | null; claim: Claim | null }>> => {
    const listed = await listRemote(git, remote, [`refs/heads/${branch}`, ref]);
    if ('problem' in listed) return fail(unreachable(remote, listed.problem));
    const seen = listed.refs.get(ref) ?? '';
    mine.seen = seen;
    return ok({ tip: listed.refs.get(`refs/heads/${branch}`) ?? null, claim: seen === '' ? null : await claimAt(git, remote, ref, seen) });
  };
  const put = async (claim: Claim, expect: string): Promise<PushOutcome> => {
    const id = await makeFileCommit(git, 'claim.json', `${JSON.stringify(claim, null, 2)}\n`, `orchestrator: ${claim.actor} ${claim.phase}\n`);
    const pushed = await pushAll(git, remote, [{ from: id, to: ref, expect }]);
    if (pushed.kind === 'done') {
      mine.pushed = id;
      mine.held = claim.phase === 'held' ? claim : null;
    }
    return pushed;
  };
  const renew = (): Promise<void> =>
    inTurn(async () => {
      const { held } = mine;
      if (held === null) return;
      const result = await put({ ...held, renewal: held.renewal + 1 }, mine.pushed);
      if (result.kind === 'done') return;
      // No answer may mean that it arrived: what the remote has decides.
      const now = await look();
      if (!now.ok) return;
      if (now.value.claim?.nonce !== held.nonce) return lost.abort(leaseLost(now.value.claim));
      mine.held = now.value.claim;
      mine.pushed = mine.seen;
    });
  const quiet = (): void => clearInterval(renewing);

  return ok({
    lost: lost.signal,
    claim: (turn) =>
      inTurn(async () => {
        const now = await look();
        if (!now.ok) return now;
        const { claim: there } = now.value;
        if (there !== null && heldByOther(there, owner)) return fail(claimHeld(there));
        const claim: Claim = { ...claimOf(turn), owner, host: hostname(), pid: process.pid, nonce: randomBytes(12).toString('hex'), renewal: (there?.renewal ?? 0) + 1, lease_seconds: settings.lease_ms / 1000, phase: 'held' };
        const pushed = await put(claim, mine.seen);
        if (pushed.kind !== 'done') {
          const again = await look();
          if (!again.ok) return again;
          const other = again.value.claim;
          if (other !== null && heldByOther(other, owner)) return fail(claimHeld(other));
          // No answer may mean that it arrived.
          if (other?.nonce !== claim.nonce) return fail(unreachable(remote, `the claim was refused: ${pushed.problem}`));
          mine.held = claim;
          mine.pushed = mine.seen;
        }
        renewing = setInterval(() => void renew(), settings.lease_ms / 3);
        renewing.unref();
        return ok(claim.nonce);
      }),
    publish: (phase) =>
      inTurn(async () => {
        quiet();
        const now = await look();
        if (!now.ok) return now;
        const head = (await git.run(['rev-parse', '--verify', `refs/heads/${branch}`])).trim();
        const { claim, tip } = now.value;
        if (claim !== null && heldByOther(claim, owner)) return fail(leaseLost(claim));
        // The claim that this turn won must still be the one that is there; after a crash it is known by its owner.
        const own = claim !== null && claim.owner === owner && claim.phase === 'held' ? claim : null;
        if (mine.held !== null && own?.nonce !== mine.held.nonce) return fail(leaseLost(claim));
        if (tip === head && own === null) return ok(undefined);
        const problem = (await branchProblem(git, remote, branch, head, tip)) ?? (await secretIn(git, head, tip));
        if (problem !== null) return fail(problem);
        const released = own ?? claim;
        const record = released === null ? { phase, head } : { ...released, phase, renewal: released.renewal + 1 };
        // Even without a claim of its own (a crash after its release) the push moves the turn ref, from the value just seen.
        const id = await makeFileCommit(git, 'claim.json', `${JSON.stringify(record, null, 2)}\n`, `orchestrator: ${phase}\n`);
        crashPoint('before-push');
        const pushed = await pushAll(git, remote, [{ from: head, to: `refs/heads/${branch}` }, { from: id, to: ref, expect: mine.seen }]);
        crashPoint('after-push');
        if (pushed.kind !== 'done') return fail(pushed.kind === 'refused' ? branchMoved(remote, branch, pushed.problem) : unreachable(remote, pushed.problem));
        mine.held = null;
        return ok(undefined);
      }),
    letGo: () =>
      inTurn(async () => {
        quiet();
        const { held } = mine;
        if (held !== null) await put({ ...held, phase: 'released', renewal: held.renewal + 1 }, mine.pushed).catch(() => undefined);
      }),
  });
}

const claimOf = ({ actor, iteration, turn_id, attempt, base }: ClaimedTurn): Pick<Claim, 'actor' | 'iteration' | 'turn_id' | 'attempt' | 'base'> => ({ actor, iteration, turn_id, attempt, base });

async function claimAt(git: Git, remote: string, ref: string, id: string): Promise<Claim | null> {
  await git.attempt(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', remote, ref]);
  const text = await fileAt(git, id, 'claim.json');
  return text === null ? null : parseClaim(text);
}

/** A stable id of this checkout, made once. */
async function ownerId(control: string): Promise<string> {
  const file = join(control, 'owner');
  await mkdir(control, { recursive: true });
  await writeFile(file, `${randomBytes(12).toString('hex')}\n`, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return (await readFile(file, 'utf8')).trim();
}

/** Someone else's commits on the remote's branch that this one does not have: told before anything is judged by them. */
async function branchProblem(git: Git, remote: string, branch: string, head: string, tip: string | null): Promise<Failure | null> {
  if (tip === null || (await isAncestor(git, tip, head))) return null;
  return branchMoved(remote, branch, 'it has commits that are not here');
}

/** What looks like a secret in anything that a push would add to the remote. */
async function secretIn(git: Git, head: string, tip: string | null): Promise<Failure | null> {
  const known = tip !== null && (await git.attempt(['cat-file', '-e', `${tip}^{commit}`])).code === 0;
  const added = await addedLines(git, null, head, known ? [tip] : []);
  const found = [...added].flatMap(([path, lines]) => findSecrets(lines).slice(0, 1).map((secret) => `${path} (${secret.rule})`));
  if (found.length === 0) return null;
  return { code: 'secret_in_push', kind: 'failed', message: `Nothing was pushed, because the commits to push hold what looks like a secret: ${found.slice(0, 10).join(', ')}.`, hint: 'Take it out of those commits, and replace it where it is used.', details: { paths: found } };
}

const unreachable = (remote: string, problem: string): Failure => ({ code: 'remote_unavailable', kind: 'unavailable', message: `The remote ${remote} did not do as asked: ${problem}`, hint: 'What was done is committed here; run again once the remote answers.' });

const claimHeld = (claim: Claim): Failure => ({
  code: 'claim_held',
  kind: 'conflict',
  message: `${claim.actor}'s turn (iteration ${claim.iteration}) is claimed by process ${claim.pid} on ${claim.host}.`,
  hint: 'Wait for it, or end that run. If that machine is gone for good, delete the ref on the remote: git push <remote> :refs/orchestrator/turn/<branch>',
  details: { claim },
});

const leaseLost = (claim: Claim | null): Failure => ({ code: 'lease_lost', kind: 'conflict', message: `The claim on the turn was lost${claim === null ? '' : ` to process ${claim.pid} on ${claim.host}`}; the agent was ended, its work is kept.`, details: { claim } });

const branchMoved = (remote: string, branch: string, problem: string): Failure => ({ code: 'branch_moved', kind: 'conflict', message: `${remote} refused the push of ${branch}: ${problem}`, hint: `Someone else pushed. Bring their commits in (git pull --rebase ${remote} ${branch}) and run again; nothing of the turn is lost.`, details: { branch } });
