import type { Failure, Result } from '../base/failure.ts';
import { fail, ok } from '../base/failure.ts';
import { commitPaths } from '../git/commit.ts';
import { NOTHING_USED, addUsage, checkBudget, isLimited } from './budget.ts';
import type { Spent } from './budget.ts';
import type { TurnReport } from './conclude.ts';
import type { RunResult } from './event.ts';
import { stateMessage } from './message.ts';
import type { TurnRecord } from './record.ts';
import type { LoopRuntime } from './runtime.ts';
import { readStop } from './stop.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import { readState, writeState } from './stamp.ts';
import { otherActor } from './state.ts';
import type { OrchestrationState, StateDocument } from './state.ts';
import { begin, endBetweenTurns } from './transition.ts';
import { runTurn } from './turn.ts';
import type { Resumed } from './suspended.ts';
import type { RepeatedTurn } from './turn.ts';

/** How far a run goes. */
export interface RunLength {
  /** Iterations that this run completes; 0 = no end. */
  readonly iterations: number;
  readonly once: boolean;
}

/** Where a run starts, guards passed and crashes mended. */
export interface RunStart {
  readonly person: ReadonlySet<string>;
  readonly snapshot: Snapshot;
  readonly again: RepeatedTurn | null;
  /** What the run had used before a crash. */
  readonly spent: Spent;
  /** A suspended turn whose questions were answered. */
  readonly resumed: Resumed | null;
  /** A crashed turn that was brought to its end on the way. */
  readonly recovered: CountedTurn | null;
}

/** What a run counts of a turn; a turn that was only closed after a crash has no snapshot. */
export type CountedTurn = Pick<TurnReport, 'document' | 'record' | 'failure'> & { readonly snapshot?: Snapshot | null; readonly overspent?: Failure | null };

/**
 * Both actors in one process, turn after turn. Ends on the wanted number of iterations, on `complete`, on a stop, or
 * with the failure of a turn, a spent budget or a signal.
 */
export async function runCombined(runtime: LoopRuntime, length: RunLength, start: RunStart): Promise<Result<RunResult>> {
  const { repository, settings, clock, places } = runtime;
  const began = clock.monotonic();
  let turns = 0;
  let iterations = 0;
  let usage = NOTHING_USED;
  let snapshot: Snapshot | null = start.snapshot;
  let again = start.again;
  let { resumed } = start;
  let document: StateDocument | null = null;
  const result = (ended: RunResult['ended'], state: OrchestrationState): Result<RunResult> =>
    ok({ run_id: runtime.run_id, turns, iterations, ended, state, usage });
  const count = (report: CountedTurn): void => {
    turns++;
    usage = addUsage(usage, report.record.usage);
    const finished = report.record.outcome === 'ok' || report.record.outcome === 'complete';
    if (report.record.actor === 'ralph' && finished) iterations++;
    ({ document } = report);
    snapshot = report.snapshot ?? null;
  };
  /** Whether the run has gone as far as it was asked to. */
  const goal = (report: CountedTurn): RunResult['ended'] | null => {
    if (report.document.state.exit === true) return 'complete';
    if (length.once) return 'once';
    return length.iterations > 0 && iterations >= length.iterations ? 'iterations' : null;
  };

  if (start.recovered !== null) {
    count(start.recovered);
    if (start.recovered.failure !== null) return fail(endOfTurn(start.recovered.record, start.recovered.failure));
    const reached = goal(start.recovered);
    if (reached !== null) return result(reached, start.recovered.document.state);
    snapshot = start.snapshot;
  }
  for (;;) {
    const read: ReturnType<typeof readState> = readState(repository.root, settings.state_file);
    if (!read.ok) return read;
    const current = { ...read.value, state: document === null ? begin(read.value.state) : read.value.state };
    if (runtime.signal.aborted) return fail(runtime.signal.reason as Failure);
    const stop = readStop(places);
    if (stop !== null) {
      const ended = endBetweenTurns(current.state, clock.now(), runtime.run_id, { stop: stop.reason ?? '' });
      await stampBetweenTurns(runtime, { ...current, state: ended }, 'stopped', stop.reason);
      return result('stopped', ended);
    }
    const spent: Spent = { usage: addUsage(start.spent.usage, usage), turns: start.spent.turns + turns, duration_ms: start.spent.duration_ms + clock.monotonic() - began - runtime.waits.total() };
    const overspent = checkBudget(settings.budget, spent, 'run') ?? (isLimited(settings.day_budget) ? checkBudget(settings.day_budget, runtime.ledger.today(), 'day') : null);
    if (overspent !== null) {
      return await endOverspent(runtime, current, overspent);
    }
    const turn = await runTurn(runtime, {
      document: current,
      snapshot: snapshot ?? (await takeSnapshot(repository.git, repository.root)),
      person: start.person,
      spent,
      beginsRun: document === null,
      ...(again === null ? {} : { again }),
      ...(resumed === null ? {} : { resumed }),
    });
    if (!turn.ok && turn.failure.code === 'stop_asked') {
      const reason = turn.failure.details?.['reason'];
      const ended = endBetweenTurns(current.state, clock.now(), runtime.run_id, { stop: typeof reason === 'string' ? reason : '' });
      await stampBetweenTurns(runtime, { ...current, state: ended }, 'stopped', typeof reason === 'string' ? reason : null);
      return result('stopped', ended);
    }
    if (!turn.ok) return turn;
    const report = turn.value;
    again = null;
    resumed = null;
    count(report);
    if (report.record.outcome === 'interrupted' && report.failure?.code === 'stopped_now') {
      const ended = endBetweenTurns(report.document.state, clock.now(), runtime.run_id, { stop: report.failure.message });
      await stampBetweenTurns(runtime, { ...report.document, state: ended }, 'stopped', null);
      return result('stopped', ended);
    }
    if (report.failure !== null) return fail(endOfTurn(report.record, report.failure));
    if (report.overspent !== null) return await endOverspent(runtime, report.document, report.overspent);
    const reached = goal(report);
    if (reached !== null) return result(reached, report.document.state);
  }
}

/** The failure that ends a run: whose turn it was, with which prompt, why, and where its log is. */
export function endOfTurn(turn: TurnRecord, failure: Failure): Failure {
  if (turn.outcome === 'interrupted' || turn.outcome === 'ok' || turn.outcome === 'complete') return failure;
  const verb = turn.outcome === 'blocked' ? 'is blocked' : 'failed';
  const prompt = turn.prompt === null ? '' : ` with ${turn.prompt}`;
  const stop = /[.!?]$/.test(failure.message) ? '' : '.';
  const log = turn.log === null || failure.message.includes(turn.log) ? '' : `${stop} Log: ${turn.log}`;
  return {
    ...failure,
    message: `${turn.actor}'s turn${prompt} (iteration ${turn.iteration}) ${verb}: ${failure.message}${log}`,
    details: { ...failure.details, turn_id: turn.id, actor: turn.actor, prompt: turn.prompt, iteration: turn.iteration, log: turn.log },
  };
}

/** Ends the run between two turns, as a budget is spent. */
async function endOverspent(runtime: LoopRuntime, document: StateDocument, budget: Failure): Promise<Result<never>> {
  const ended = endBetweenTurns(document.state, runtime.clock.now(), runtime.run_id, { budget });
  await stampBetweenTurns(runtime, { ...document, state: ended }, 'failed', budget.message);
  return fail(budget);
}

/** Stamps an end that belongs to no turn: the state file alone, committed where turns are. */
async function stampBetweenTurns(runtime: LoopRuntime, document: StateDocument, status: string, reason: string | null): Promise<void> {
  const { repository, settings } = runtime;
  writeState(repository.root, settings.state_file, document, runtime.places.control);
  if (!settings.commits) return;
  const { state } = document;
  const actor = otherActor(state.expected_actor);
  const commit = (actor === 'galph' ? state.galph_commit : state.ralph_commit) ?? 'none';
  const stamp = { actor, iteration: state.iteration, next: state.expected_actor, status, commit };
  const trailers = { turn_id: state.turn_id ?? 'none', outcome: status, agent: null, usage: NOTHING_USED };
  const message = stateMessage(stamp, trailers) + (reason === null || reason === '' ? '' : `Orchestrator-Reason: ${reason.replaceAll(/\s+/g, ' ')}\n`);
  const path = settings.state_file;
  const tracked = (await repository.git.attempt(['ls-files', '--error-unmatch', '--', path])).code === 0;
  await commitPaths(repository, { paths: [path], untracked: tracked ? [] : [path], message });
}
