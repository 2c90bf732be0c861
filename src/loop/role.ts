import { setTimeout as delay } from 'node:timers/promises';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { newId } from '../base/ids.ts';
import { NOTHING_USED, addUsage, checkBudget, isLimited } from './budget.ts';
import { endOfTurn } from './combined.ts';
import type { RunLength, RunStart } from './combined.ts';
import type { RunResult } from './event.ts';
import type { NextTurn, RoleHandOff } from './hand-off.ts';
import type { LoopRuntime } from './runtime.ts';
import { divide, readLeftovers, writePersonPaths } from './ownership.ts';
import { takeSnapshot } from './snapshot.ts';
import { readState } from './stamp.ts';
import type { StateDocument } from './state.ts';
import { begin } from './transition.ts';
import { runTurn } from './turn.ts';

/** Failures of a claim that only say that somebody else was faster, or that the remote is away: the runner goes back to waiting. */
const NOT_WON = new Set(['claim_held', 'turn_moved', 'remote_unavailable']);

/** The turns of one role, each handed off to the peer. Ends like a combined run does, or as the peer's end says. */
export async function runRole(runtime: LoopRuntime, length: RunLength, start: RunStart, handOff: RoleHandOff): Promise<Result<RunResult>> {
  const { repository, settings, clock, places } = runtime;
  const began = clock.monotonic();
  let turns = 0;
  let handedOff = 0;
  let usage = NOTHING_USED;
  let again = start.again;
  let { resumed } = start;
  /** A budget that the last turn used up: told on the branch at the next one. */
  let pending: Failure | null = null;
  let first = true;
  let known = start.person;
  const result = (ended: RunResult['ended'], { state }: StateDocument): Result<RunResult> => ok({ run_id: runtime.run_id, turns, iterations: handedOff, ended, state, usage });
  const reached = (document: StateDocument): Result<RunResult> | null => {
    if (document.state.exit === true) return result('complete', document);
    if (length.once) return result('once', document);
    return length.iterations > 0 && handedOff >= length.iterations ? result('iterations', document) : null;
  };
  const { recovered } = start;
  if (recovered !== null) {
    if (recovered.failure?.code === 'lease_lost') runtime.emit({ type: 'warning', message: recovered.failure.message });
    else {
      turns++;
      handedOff++;
      usage = addUsage(usage, recovered.record.usage);
      if (recovered.failure !== null) return fail(endOfTurn(recovered.record, recovered.failure));
      const ended = reached(recovered.document);
      if (ended !== null) return ended;
    }
  }
  for (;;) {
    const leftovers = readLeftovers(places);
    if (!leftovers.ok) return leftovers;
    const next = await handOff.next((path) => !leftovers.value.has(path));
    if (!next.ok) return next;
    if (next.value.kind === 'end') return endOfPeer(next.value, result);
    const read = readState(repository.root, settings.state_file);
    if (!read.ok) return read;
    const spent = { usage: addUsage(start.spent.usage, usage), turns: start.spent.turns + turns, duration_ms: start.spent.duration_ms + clock.monotonic() - began - runtime.waits.total() };
    const overspent = pending ?? checkBudget(settings.budget, spent, 'run') ?? (isLimited(settings.day_budget) ? checkBudget(settings.day_budget, runtime.ledger.today(), 'day') : null);
    // What changed while the run waited is a person's too: none of our agents was at work.
    const snapshot = await takeSnapshot(repository.git, repository.root);
    const { person } = divide(snapshot, leftovers.value, settings.isReserved);
    const added = [...person].filter((path) => !known.has(path));
    if (added.length > 0) {
      runtime.emit({ type: 'warning', message: `Changed here while the run waited, and left alone as yours: ${added.slice(0, 10).join(', ')}${added.length > 10 ? ', …' : ''}.` });
      writePersonPaths(places, runtime.run_id, person);
    }
    known = person;
    const attempt = again ?? (next.value.attempt > 1 ? { turn_id: newId('turn', clock.now()), attempt: next.value.attempt, waiting: null } : null);
    const turn = await runTurn(runtime, {
      document: first ? { ...read.value, state: begin(read.value.state) } : read.value,
      snapshot,
      person,
      spent,
      beginsRun: first,
      ...(attempt === null ? {} : { again: attempt }),
      ...(resumed === null ? {} : { resumed }),
      // A spent budget is told on the branch like any other failure, so that the peer does not wait for a turn that never comes.
      ...(overspent === null ? {} : { refuse: overspent }),
    });
    if (!turn.ok && NOT_WON.has(turn.failure.code)) {
      // Whoever was faster is told by the next look; no two looks in a rush.
      await delay(200);
      continue;
    }
    if (!turn.ok) return turn;
    if (overspent !== null) return fail(overspent);
    again = null;
    resumed = null;
    first = false;
    turns++;
    const report = turn.value;
    if (report.record.outcome !== 'interrupted') handedOff++;
    usage = addUsage(usage, report.record.usage);
    if (report.record.outcome === 'interrupted' && report.failure?.code === 'stopped_now') return result('stopped', report.document);
    if (report.failure !== null) return fail(endOfTurn(report.record, report.failure));
    pending = report.overspent;
    const ended = reached(report.document);
    if (ended !== null) return pending === null ? ended : fail(pending);
  }
}

/** The peer's end becomes this run's. */
function endOfPeer(end: Extract<NextTurn, { kind: 'end' }>, result: (ended: RunResult['ended'], document: StateDocument) => Result<RunResult>): Result<RunResult> {
  const { failure } = end.document.state;
  switch (end.why) {
    case 'complete':
      return result('complete', end.document);
    case 'stopped':
      return result('stopped', end.document);
    default:
      return fail(peerFailed(end.why, failure, end.document));
  }
}

function peerFailed(why: 'failed' | 'blocked', failure: StateDocument['state']['failure'], { state }: StateDocument): Failure {
  const who = failure?.actor ?? state.expected_actor;
  const prompt = failure?.prompt == null ? '' : ` with ${failure.prompt}`;
  const log = failure?.log == null || failure.message.includes(failure.log) ? '' : ` Its log, on the machine where it ran: ${failure.log}`;
  return {
    code: failure?.code ?? why,
    kind: why === 'blocked' ? 'needs_person' : 'failed',
    message: `${who}'s turn${prompt} (iteration ${state.iteration}) ${why === 'blocked' ? 'is blocked' : 'failed'} on the other side: ${failure?.message ?? 'no reason was given'}${log}`,
    hint: 'Mend the cause, then run both roles again; --wait-through-failures keeps a runner waiting instead.',
    details: { failure, peer: true },
  };
}
