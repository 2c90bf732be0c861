import type { AgentResult } from '../agents/contract.ts';
import { crashPoint } from '../base/crash-point.ts';
import type { Failure } from '../base/failure.ts';
import { fileAt, ownCommits, resolveCommit } from '../git/history.ts';
import { clearAttempt } from './agent-call.ts';
import type { CountedTurn } from './combined.ts';
import { concludeTurn } from './conclude.ts';
import type { TurnReport } from './conclude.ts';
import type { Landing } from './hand-off.ts';
import { NOTHING_USED } from './budget.ts';
import { closeJournal } from './journal.ts';
import type { Journal, Waiting } from './journal.ts';
import { callName } from './ledger.ts';
import { stateMessage } from './message.ts';
import { readLeftovers, writeLeftovers } from './ownership.ts';
import { publishDone } from './publish-turn.ts';
import { clearQuestions } from './questions.ts';
import { appendRecord, noteInLog, readRecords, recordsFile } from './record.ts';
import type { TurnRecord } from './record.ts';
import { suspendIfAsked } from './suspended.ts';
import { turnRecord } from './turn-record.ts';
import type { LoopRuntime } from './runtime.ts';
import { takeSnapshot } from './snapshot.ts';
import { readState } from './stamp.ts';
import { parseState } from './state.ts';
import type { OrchestrationState, StateDocument } from './state.ts';
import { decideLimit } from './usage-limit.ts';

/** What became of a turn whose orchestrator died. */
export type Recovery =
  /** All was done but the closing; nothing ran again. */
  | { readonly how: 'already_done'; readonly report: CountedTurn | null }
  /** The agent had finished: its turn was brought to its end without running it again. */
  | { readonly how: 'finished'; readonly report: TurnReport }
  /** A signal came while it was handed off: the journal stays for the next start. */
  | { readonly how: 'cut_short'; readonly failure: Failure }
  /** The same turn must be run again. */
  | { readonly how: 'run_again'; readonly turn_id: string; readonly attempt: number; /** The wait that the crash cut short. */ readonly waiting: Waiting | null };

/**
 * Finishes or prepares again the turn of a journal whose process is gone. Leftover processes are ended first. Works
 * from git and the disk alone, and may itself be cut short anywhere.
 */
export async function recoverTurn(runtime: LoopRuntime, journal: Journal, person: ReadonlySet<string>): Promise<Recovery> {
  const tell = (how: Exclude<Recovery['how'], 'cut_short'>): void => runtime.emit({ type: 'turn.recovered', turn_id: journal.turn_id, actor: journal.actor, iteration: journal.iteration, how });
  const { agent } = journal;
  const attempt = agent === null ? null : { kind: agent.kind, name: agent.name, scratch: agent.scratch, events: agent.transcript, from: agent.from, turn_id: journal.turn_id, workspace: runtime.workspace };
  const left = attempt === null || journal.routed === null ? null : await runtime.agents.left(attempt);
  if (attempt !== null) await runtime.agents.endLeft(attempt);

  const held = journal.claim !== null && runtime.handOff !== null && (await runtime.handOff.resume(journal.turn_id, journal.claim));
  const stamped = await stampedState(runtime, journal);
  if (stamped !== null) {
    const done = left?.state === 'finished' ? left.result : null;
    const handed = await publishDone(runtime, await stampedLanding(runtime, journal, stamped, done, person));
    if (handed.failure !== null && handed.unfinished) return { how: 'cut_short', failure: handed.failure };
    if (handed.failure !== null) runtime.emit({ type: 'warning', message: handed.failure.message });
    const record = await recordStamped(runtime, journal, (handed.document ?? stamped).state, done);
    closeJournal(runtime.places);
    clearAttempt(journal);
    tell('already_done');
    // On record already: the run that crashed has told it and counted it.
    const report = record === null ? null : { document: handed.document ?? stamped, record, failure: runtime.mode === 'role' ? handed.failure : null };
    return { how: 'already_done', report };
  }
  const limited = left?.state === 'finished' && journal.waiting === null ? limitOf(runtime, journal, left.result) : null;
  if (limited !== null) {
    tell('run_again');
    return { how: 'run_again', turn_id: journal.turn_id, attempt: journal.attempt + 1, waiting: limited };
  }
  if (left?.state === 'finished' && journal.waiting === null) {
    crashPoint('agent-exited');
    const { usage, agent_ms } = left.result;
    runtime.ledger.note({ call: callName(journal, agent?.from ?? 0), run: journal.run_id, turn_id: journal.turn_id, usage, agent_ms, turn: true });
    tell('finished');
    if (agent !== null) noteInLog(agent.log, 'the run was killed before it took note of the end of this agent, whose last words may be missing here');
    const { result } = left;
    // Its questions are not lost with us. Answers that it did not get are given to its session by the next run as well.
    const open = result.failure === null && agent !== null && journal.routed !== null ? suspendIfAsked(runtime.places, { ...journal, prompt: journal.routed.prompt, agent: agent.name, session_id: result.session_id, used: result.usage }, true) : null;
    return { how: 'finished', report: await concludeTurn(runtime, { journal, before: null, person, agent: result, cut: open?.ok === false ? open.failure : null }) };
  }
  await keepLeftovers(runtime, journal, person);
  if (runtime.mode === 'role' && journal.claim !== null && !held) {
    // Somebody else has the turn by now: this one's work is kept, and its journal closed. Without an agent there is none.
    const left = readLeftovers(runtime.places);
    if (agent !== null) await runtime.handOff?.rescue(journal, left.ok ? [...left.value] : []);
    await keepLeftovers(runtime, journal, person);
    closeJournal(runtime.places);
    clearAttempt(journal);
    tell('already_done');
    return { how: 'already_done', report: null };
  }
  // The agent that asked is gone; the next attempt asks anew.
  clearQuestions(runtime.places, journal.turn_id);
  tell('run_again');
  return { how: 'run_again', turn_id: journal.turn_id, attempt: agent === null || journal.routed === null ? journal.attempt : journal.attempt + 1, waiting: journal.waiting };
}

/** Leaves a turn that would have to be run again to a runner of its own role: its claim is given back, its work stays uncommitted here. */
export async function giveUp(runtime: LoopRuntime, journal: Journal): Promise<Extract<Recovery, { how: 'already_done' }>> {
  await runtime.handOff?.rescue(journal, []);
  await runtime.handOff?.letGo();
  closeJournal(runtime.places);
  clearAttempt(journal);
  runtime.emit({ type: 'warning', message: `${journal.actor}'s turn ${journal.turn_id}, which was cut short here, is left to a runner of that role.` });
  return { how: 'already_done', report: null };
}

/** The wait that would have followed a usage limit which the agent had just told; null where none would have. */
function limitOf({ settings, clock }: LoopRuntime, { agent }: Journal, { usage_limit, session_id, usage }: AgentResult): Waiting | null {
  if (agent === null || usage_limit === null) return null;
  const resets_at = usage_limit.resets_at === null ? null : new Date(usage_limit.resets_at);
  const decision = decideLimit({ agent: agent.name, resets_at, session_id, waited: false, spent: [agent.name] }, settings.usage_limit, clock.now());
  return decision.act === 'wait' ? { agent: agent.name, until: decision.until.toISOString(), session_id, used: usage } : null;
}

/** A turn that was stamped before the crash, on its way to the remote. */
async function stampedLanding({ repository: { git }, branch }: LoopRuntime, journal: Journal, stamped: StateDocument, agent: AgentResult | null, person: ReadonlySet<string>): Promise<Landing> {
  const { turn_id, actor, iteration, base } = journal;
  const ref = `refs/heads/${branch}`;
  const head = (await resolveCommit(git, ref)) ?? base;
  const work = (await resolveCommit(git, `${ref}^`)) ?? base;
  const outcome = outcomeOf(stamped.state);
  const say = ({ state }: StateDocument, commit: string, how: string): string =>
    stateMessage({ actor, iteration, next: state.expected_actor, status: how, commit }, { turn_id, outcome: how, agent: journal.agent?.name ?? null, usage: agent?.usage ?? NOTHING_USED });
  return {
    turn_id, actor, iteration, base, work, stamped: head, kept: null, person,
    phase: outcome === 'failed' ? 'failed' : 'released',
    restamp: (on, commit, unfit) => {
      const own = actor === 'galph' ? { galph_commit: commit } : { ralph_commit: commit };
      const failure = unfit === null ? null : { actor, prompt: journal.routed?.prompt ?? null, code: unfit.code, message: unfit.message, exit_code: null, log: null, at: stamped.state.last_update ?? '' };
      const state = failure === null ? { ...stamped.state, ...own } : { ...on.state, status: 'failed' as const, failure, turn_id, attempt: journal.attempt };
      const document = { state, raw: on.raw };
      return { document, message: say(document, commit, failure === null ? outcome : 'failed') };
    },
  };
}

/** How the turn ended that stamped this state. */
function outcomeOf(state: OrchestrationState): TurnRecord['outcome'] {
  if (state.status === 'failed' || state.status === 'blocked') return state.status;
  return state.exit === true ? 'complete' : 'ok';
}

/** The state that this turn stamped, if it got that far: committed, or in the file where nothing is committed. */
async function stampedState(runtime: LoopRuntime, journal: Journal): Promise<StateDocument | null> {
  const { repository, settings } = runtime;
  const mine = (document: StateDocument): StateDocument | null => (document.state.turn_id === journal.turn_id && document.state.attempt === journal.attempt ? document : null);
  if (!journal.commits) {
    const read = readState(repository.root, settings.state_file);
    return read.ok ? mine(read.value) : null;
  }
  const text = await fileAt(repository.git, `refs/heads/${journal.branch}`, settings.state_file);
  if (text === null) return null;
  const parsed = parseState(text, settings.state_file);
  return parsed.ok ? mine(parsed.value) : null;
}

/** What the crashed turn left in the tree is the loop's from now on. */
async function keepLeftovers(runtime: LoopRuntime, journal: Journal, person: ReadonlySet<string>): Promise<void> {
  const { repository, settings, places } = runtime;
  const earlier = readLeftovers(places);
  const now = await takeSnapshot(repository.git, repository.root);
  const left = [...now.dirty.keys()].filter((path) => !person.has(path) && !settings.isReserved(path));
  writeLeftovers(places, journal.run_id, new Set([...(earlier.ok ? earlier.value : []), ...left]));
}

/** Writes the record of a turn that was stamped but not recorded; does nothing where it stands already. */
async function recordStamped(runtime: LoopRuntime, journal: Journal, state: OrchestrationState, agent: AgentResult | null): Promise<TurnRecord | null> {
  const { repository, settings, branch, workspace, clock } = runtime;
  const file = recordsFile(settings.logs_dir, branch);
  const { records } = await readRecords(file);
  if (records.some((each) => each.id === journal.turn_id)) return null;
  const head = (journal.actor === 'galph' ? state.galph_commit : state.ralph_commit) ?? journal.base;
  const known = await resolveCommit(repository.git, head);
  const own = known === null || known === journal.base ? { commits: [], paths: [] } : await ownCommits(repository.git, journal.base, known, []);
  const { failure } = state;
  const record = turnRecord(workspace, journal, agent, clock.now(), {
    outcome: outcomeOf(state),
    head: known ?? journal.base,
    commits: [...own.commits],
    files_changed: own.paths.filter((path) => !settings.isReserved(path)),
    skipped_files: [],
    skip_reasons: {},
    summary: null,
    failure: failure === null ? null : { code: failure.code, message: failure.message },
    warnings: ['written after a crash: the turn was stamped, its record was not'],
  });
  appendRecord(file, record);
  return record;
}
