import type { Clock } from '../base/clock.ts';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { newId, newNonce } from '../base/ids.ts';
import { checkedOutCommit } from '../git/head.ts';
import { readStatus } from '../git/status.ts';
import { NOTHING_USED } from './budget.ts';
import { checkBranch } from './guards.ts';
import type { ClaimedTurn, HandOff, Landing } from './hand-off.ts';
import { readJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import { takeLock } from './lock.ts';
import { stateMessage } from './message.ts';
import type { OpenLoop } from './operations/open.ts';
import { appendRecord, makeUntrackedFolder, recordsFile } from './record.ts';
import { readState, stampState } from './stamp.ts';
import type { Actor, OrchestrationState } from './state.ts';
import { advance } from './transition.ts';
import type { TurnFacts } from './transition.ts';
import { turnRecord } from './turn-record.ts';

export interface HandStamp {
  readonly actor: Actor;
  readonly result: 'ok' | 'fail';
  readonly clock: Clock;
  /** Brings a checkout that is merely behind to the remote's branch first. */
  readonly bringForward: ((branch: string) => Promise<Result<void>>) | null;
  /** Opens the way to the remote; null = nothing is pushed. */
  readonly handOff: ((branch: string, head: string) => Promise<Result<HandOff>>) | null;
}

/** Stamps a turn as a run would have, without an agent: claim, state, commit, push, record. Uncommitted work is left alone. */
export async function stampByHand(loop: OpenLoop, stamp: HandStamp): Promise<Result<{ state: OrchestrationState; commit: string | null; pushed: boolean }>> {
  const lock = await takeLock(loop.places.lock, 'handoff');
  if (!lock.ok) return lock;
  try {
    return await stampLocked(loop, stamp);
  } finally {
    await lock.value.release();
  }
}

async function stampLocked(loop: OpenLoop, { actor, result, clock, bringForward, handOff }: HandStamp): ReturnType<typeof stampByHand> {
  const { repository, settings, places, loaded } = loop;
  const journal = readJournal(places);
  if (!journal.ok) return journal;
  if (journal.value !== null) {
    return fail({ code: 'turn_in_flight', kind: 'conflict', message: `Turn ${journal.value.turn_id} was cut short and is not finished yet.`, hint: 'orchestrator run finishes or repeats it first.' });
  }
  const status = await readStatus(repository.git);
  const branch = await checkBranch(repository, status, loaded.config.sync.branch ?? null);
  if (!branch.ok) return branch;
  const forward = await bringForward?.(branch.value);
  if (forward?.ok === false) return forward;
  const base = await checkedOutCommit(repository);
  const read = readState(repository.root, settings.state_file);
  if (!read.ok) return read;
  const { state } = read.value;
  if (state.expected_actor !== actor) {
    return fail({ code: 'not_your_turn', kind: 'conflict', message: `It is ${state.expected_actor}'s turn (iteration ${state.iteration}), not ${actor}'s.`, hint: `orchestrator handoff ${state.expected_actor} ${result}` });
  }
  const at = clock.now();
  const turn: ClaimedTurn & { readonly run_id: string } = { actor, iteration: state.iteration, turn_id: newId('turn', at), attempt: 1, base, nonce: newNonce(), run_id: newId('run', at) };
  const opened = handOff === null ? null : await handOff(branch.value, turn.base);
  if (opened !== null && !opened.ok) return opened;
  const claimed = await opened?.value.claim(turn);
  if (claimed?.ok === false) return claimed;

  const failure = { code: 'handed_off_failed', kind: 'failed', message: `A person stamped ${actor}'s turn as failed.` } as const;
  const reason = 'stamped by hand (orchestrator handoff)';
  const after = advance(state, factsOf(turn, at, settings.router.review_placement), result === 'ok' ? { kind: 'ok', summary: reason, next_prompt: null } : { kind: 'failed', failure });
  const outcome = result === 'ok' ? 'ok' : 'failed';
  const sync = { actor, iteration: state.iteration, next: after.state.expected_actor, status: outcome, commit: turn.base };
  const message = stateMessage(sync, { turn_id: turn.turn_id, outcome, agent: null, usage: NOTHING_USED });
  const tracked = (await repository.git.attempt(['ls-files', '--error-unmatch', '--', settings.state_file])).code === 0;
  const commit = await stampState(repository, settings.state_file, { state: after.state, raw: read.value.raw }, message, { control: places.control, tracked });
  const doc = { state: after.state, raw: read.value.raw };
  const landing: Landing = { ...turn, phase: outcome === 'ok' ? 'released' : 'failed', work: turn.base, stamped: commit ?? turn.base, kept: null, person: new Set(), restamp: () => ({ document: doc, message }) };
  const pushed = await opened?.value.publish(landing);

  makeUntrackedFolder(settings.logs_dir);
  const journalled: Journal = {
    schema_version: 1,
    ...turn,
    mode: 'combined',
    branch: branch.value,
    workspace: loop.workspace,
    started_at: at.toISOString(),
    state_before: read.value.text,
    begins_run: false,
    input_before: null,
    tree_before: '',
    commits: true,
    routed: null,
    agent: null,
    waiting: null,
    claim: null,
  };
  const shown = result === 'ok' ? null : { code: failure.code, message: failure.message };
  const record = turnRecord(loop.workspace, journalled, null, at, { outcome, head: turn.base, commits: [], files_changed: [], skipped_files: [], skip_reasons: {}, summary: null, failure: shown, warnings: [] });
  appendRecord(recordsFile(settings.logs_dir, branch.value), { ...record, source: 'operator', reason });
  if (pushed?.ok === false) {
    await opened?.value.letGo();
    await opened?.value.close();
    return pushed;
  }
  await opened?.value.close();
  return ok({ state: after.state, commit, pushed: pushed?.ok === true });
}

function factsOf(turn: ClaimedTurn & { readonly run_id: string }, at: Date, review_placement: 'replace' | 'before'): TurnFacts {
  return {
    actor: turn.actor,
    prompt: null,
    review: false,
    review_placement,
    run_id: turn.run_id,
    turn_id: turn.turn_id,
    attempt: 1,
    commit: turn.base,
    progressed: true,
    no_progress_limit: 0,
    log: null,
    exit_code: null,
    at,
  };
}
