import { mkdirSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import type { AgentResult } from '../agents/contract.ts';
import { crashPoint } from '../base/crash-point.ts';
import { fail } from '../base/failure.ts';
import type { Failure } from '../base/failure.ts';
import { commitPaths } from '../git/commit.ts';
import { resolveCommit } from '../git/history.ts';
import { clearAttempt } from './agent-call.ts';
import { NOTHING_USED } from './budget.ts';
import { gatherChanges, treeDigest } from './change-set.ts';
import type { ChangeSet } from './change-set.ts';
import { inputDigest } from './input-digest.ts';
import { closeJournal, journalIsThere, writeJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import { workMessage } from './message.ts';
import { concludeAgent, outcomeInvalid, parseOutcome } from './outcome.ts';
import type { Conclusion } from './outcome.ts';
import { writeLeftovers } from './ownership.ts';
import { agentEdit } from './agent-edit.ts';
import { readAgentFile } from './agent-file.ts';
import { hideSecrets } from './hide-secrets.ts';
import { appendRecord, recordsFile } from './record.ts';
import type { TurnRecord } from './record.ts';
import { publishTurn } from './publish-turn.ts';
import { clearQuestions } from './questions.ts';
import { keepRescue } from './rescue.ts';
import type { LoopRuntime } from './runtime.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import type { Landing } from './hand-off.ts';
import { keysOf, stagedBeside, stampOn, stampTurn } from './stamp-turn.ts';
import { freshState, parseState } from './state.ts';
import type { StateDocument } from './state.ts';
import { advance, begin } from './transition.ts';
import { forgetSuspended } from './suspended.ts';
import { turnRecord } from './turn-record.ts';

/** A turn whose agent has ended, or that could not start one. */
export interface EndedTurn {
  readonly journal: Journal;
  /** Null after a crash of the orchestrator. */
  readonly before: Snapshot | null;
  readonly person: ReadonlySet<string>;
  /** Null when no agent was started. */
  readonly agent: AgentResult | null;
  /** The checkout after the agent's exit, where it was looked at already. */
  readonly after?: Snapshot | null;
  /** Why there was none, or why the orchestrator ended it. */
  readonly cut: Failure | null;
  /** A budget that the turn's last report used up. */
  readonly overspent?: Failure | null;
}

/** What a turn left for the next one. */
export interface TurnReport {
  readonly document: StateDocument;
  readonly record: TurnRecord;
  /** The failure that ends the run, if any. */
  readonly failure: Failure | null;
  /** A budget that is spent, where the turn itself counts. */
  readonly overspent: Failure | null;
  /** The checkout after the turn; null where it must be looked at anew. */
  readonly snapshot: Snapshot | null;
}

/**
 * Brings a turn to its end: outcome, change set, commit of the work, progress check, stamp, commit of the state,
 * record, journal closed. Every step may be cut short by a crash and done again: it finds what is already there.
 */
export async function concludeTurn(runtime: LoopRuntime, ended: EndedTurn): Promise<TurnReport> {
  const { repository, settings, clock } = runtime;
  const { journal } = ended;
  const warnings: string[] = [];
  const warn = (message: string): void => {
    warnings.push(message);
    runtime.emit({ type: 'warning', message });
  };
  const found = documentBefore(journal);
  const before = journal.begins_run ? { ...found, state: begin(found.state) } : found;
  const after = ended.after ?? (await takeSnapshot(repository.git, repository.root));
  if (!journalIsThere(runtime.places)) {
    warn(`The agent removed or replaced the journal (${runtime.places.journal}); it is written again.`);
    rmSync(runtime.places.journal, { recursive: true, force: true });
    mkdirSync(runtime.places.control, { recursive: true });
    writeJournal(runtime.places, journal);
  }
  const changes = await gatherChanges(runtime, { actor: journal.actor, base: journal.base, person: ended.person, before: ended.before }, after);
  const edit = agentEdit(runtime, journal, found, warn);
  const conclusion = overrule(concludeProcess(ended, runtime.secrets), changes);
  for (const { path, reason } of changes.skipped.slice(0, NAMED)) warn(`${path} was not committed: ${reason}.`);
  if (changes.skipped.length > NAMED) warn(`${changes.skipped.length - NAMED} more paths were not committed; the turn's record names them all (orchestrator log --json).`);
  for (const warning of changes.warnings) warn(`${warning}.`);
  if (changes.failure?.code === 'history_rewritten') await keepRescue(repository.git, journal.turn_id, journal.base);

  const counts = conclusion.kind === 'ok' || conclusion.kind === 'complete' || conclusion.kind === 'blocked';
  const usage = ended.agent?.usage ?? NOTHING_USED;
  const trailers = { turn_id: journal.turn_id, outcome: conclusion.kind, agent: journal.agent?.name ?? null, usage };
  const committed = counts && settings.commits ? changes.commit : [];
  let head = changes.head;
  const commits = [...changes.own_commits];
  if (committed.length > 0) {
    const untracked = committed.filter((path) => after.dirty.get(path)?.kind === 'untracked');
    const work = { actor: journal.actor, files: committed.length, prompt: journal.routed?.prompt ?? '', iteration: journal.iteration };
    const made = await commitPaths(repository, { paths: committed, untracked, message: workMessage(work, trailers), nothing_else_staged: !stagedBeside(after, new Set(committed)) });
    if (made !== null) {
      head = made;
      commits.push(made);
    }
  }
  crashPoint('work-committed');

  const now = clock.now();
  const facts = {
    actor: journal.actor,
    prompt: journal.routed?.prompt ?? null,
    review: journal.routed?.review ?? false,
    review_placement: settings.router.review_placement,
    run_id: journal.run_id,
    turn_id: journal.turn_id,
    attempt: journal.attempt,
    commit: head,
    progressed: hasProgressed(runtime, ended, after, changes),
    no_progress_limit: settings.no_progress_limit,
    log: journal.agent === null ? null : relative(runtime.workspace, journal.agent.log),
    exit_code: ended.agent?.exit_code ?? null,
    at: now,
  };
  const done: Conclusion =
    edit.exit && conclusion.kind === 'ok' ? { kind: 'complete', summary: edit.exit_reason ?? conclusion.summary, next_prompt: conclusion.next_prompt } : conclusion;
  const { state, failure } = advance(before.state, facts, done);
  const document: StateDocument = { state, raw: edit.raw };

  // In role mode the branch is the remote's: a failed turn is stamped on its tip, and its own commits are kept aside.
  const apart = runtime.mode === 'role' && done.kind === 'failed';
  const stamp = { before, document, conclusion: done, head, trailers, journal, after, changes, editBroken: edit.broken, warn };
  const stamped = apart ? null : await stampTurn(runtime, stamp);
  const { base, turn_id, actor, iteration } = journal;
  const landing: Landing = {
    turn_id, actor, iteration, base,
    phase: done.kind === 'failed' ? 'failed' : 'released',
    work: apart ? base : head,
    stamped: apart ? null : (stamped ?? head),
    kept: apart ? await ownHead(runtime, after, base) : null,
    restamp: (on, work, unfit) => stampOn(on, work, { ...stamp, facts, begins_run: journal.begins_run, ownKeys: keysOf(before, edit.raw), unfit }),
    person: ended.person,
  };
  const handed = await publishTurn(runtime, done, landing, leftBehind(runtime, after, ended.person, new Set(committed)));
  // Where the checkout was moved, what is left in it must be looked at again.
  const moved = runtime.mode === 'role' && (apart || done.kind === 'interrupted' || handed.failure !== null || handed.document !== null);
  const present = moved ? await takeSnapshot(repository.git, repository.root) : after;
  writeLeftovers(runtime.places, journal.run_id, leftBehind(runtime, present, ended.person, moved ? new Set() : new Set(committed)));

  const stuck = failure !== null && done.kind === 'ok';
  const why = failure ?? ('failure' in done ? done.failure : null) ?? (handed.outcome === null ? null : handed.failure);
  const record = turnRecord(runtime.workspace, journal, ended.agent, now, {
    outcome: handed.outcome ?? (stuck ? 'blocked' : done.kind),
    head,
    commits,
    files_changed: [...changes.changed],
    skipped_files: changes.skipped.map((file) => file.path),
    skip_reasons: Object.fromEntries(changes.skipped.map((file) => [file.path, file.reason])),
    summary: 'summary' in done ? done.summary : null,
    failure: why === null ? null : { code: why.code, message: why.message },
    warnings,
  });
  // The journal stays: the next start goes on with the hand-off.
  if (handed.unfinished) return { document, record, failure: handed.failure, overspent: null, snapshot: null };
  appendRecord(recordsFile(settings.logs_dir, runtime.branch), record);
  closeJournal(runtime.places);
  runtime.emit({ type: 'turn.finished', turn: record });
  clearAttempt(journal);
  // A suspended turn's question stays open; an interrupted turn is repeated, and its agent asks anew.
  if (why?.code !== 'question') clearQuestions(runtime.places, journal.turn_id);
  if (done.kind !== 'interrupted' && why?.code !== 'question') forgetSuspended(runtime.places);
  return { document: handed.document ?? document, record, failure: failure ?? handed.failure, overspent: ended.overspent ?? null, snapshot: moved ? null : nextSnapshot(runtime, after, new Set(committed), stamped ?? head) };
}

/** So many skipped paths are named one by one on the terminal. */
const NAMED = 20;

function documentBefore(journal: Journal): StateDocument {
  if (journal.state_before === null) return freshState();
  const parsed = parseState(journal.state_before, 'the journal');
  if (!parsed.ok) throw new Error(`The journal holds a state that was refused: ${parsed.failure.message}`);
  return parsed.value;
}

function concludeProcess(ended: EndedTurn, secrets: readonly string[]): Conclusion {
  const { agent, cut, journal } = ended;
  if (cut !== null) {
    const interrupted = cut.kind === 'interrupted' || cut.kind === 'terminated' || cut.code === 'stopped_now' || cut.code === 'lease_lost';
    if (cut.kind === 'needs_person') return { kind: 'blocked', failure: cut };
    return { kind: interrupted ? 'interrupted' : 'failed', failure: cut };
  }
  if (agent === null || journal.agent === null) throw new Error('A turn without an agent must say why.');
  const read = readAgentFile(journal.agent.outcome);
  if (!read.ok) return concludeAgent(agent, fail(outcomeInvalid(read.failure.message)));
  return concludeAgent(agent, read.value === null ? null : parseOutcome(hideSecrets(read.value, secrets)));
}

/** What the change set says about a turn weighs more than what the agent says. An interruption stays one. */
function overrule(conclusion: Conclusion, changes: ChangeSet): Conclusion {
  if (changes.failure === null || conclusion.kind === 'interrupted' || conclusion.kind === 'failed') return conclusion;
  return { kind: 'failed', failure: changes.failure };
}

function hasProgressed(runtime: LoopRuntime, ended: EndedTurn, after: Snapshot, changes: ChangeSet): boolean {
  const { journal, person } = ended;
  if (changes.head !== journal.base) return true;
  if (treeDigest(after, person, runtime.settings.isReserved) !== journal.tree_before) return true;
  return inputDigest(runtime.settings.input_file) !== journal.input_before;
}

/** The branch's commit after the turn, where the agent made any: what else may be checked out by now is a person's. */
async function ownHead({ repository, branch }: LoopRuntime, after: Snapshot, base: string): Promise<string | null> {
  const head = after.branch === branch ? after.head : await resolveCommit(repository.git, `refs/heads/${branch}`);
  return head === base ? null : head;
}

/** What stays uncommitted and is the loop's. */
function leftBehind(runtime: LoopRuntime, after: Snapshot, person: ReadonlySet<string>, committed: ReadonlySet<string>): string[] {
  return [...after.dirty.keys()].filter((path) => !person.has(path) && !committed.has(path) && !runtime.settings.isReserved(path));
}

/** The checkout after our own commits, known without asking git again. */
function nextSnapshot(runtime: LoopRuntime, after: Snapshot, committed: ReadonlySet<string>, head: string): Snapshot | null {
  if (after.branch !== runtime.branch) return null;
  const dirty = new Map([...after.dirty].filter(([path]) => !committed.has(path) && path !== runtime.settings.state_file));
  return { head, branch: after.branch, dirty, marks: after.marks };
}
