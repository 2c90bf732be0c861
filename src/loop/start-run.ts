import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openAgents, secretValues } from '../agents/contract.ts';
import { newId } from '../base/ids.ts';
import type { Clock } from '../base/clock.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { openRepository } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import { runCombined } from './combined.ts';
import type { CountedTurn, RunLength, RunStart } from './combined.ts';
import type { LoopEvent, RunResult } from './event.ts';
import { NOTHING_SPENT } from './budget.ts';
import { checkBranch, checkDirt, stateIgnored } from './guards.ts';
import { readJournal } from './journal.ts';
import { openLedger } from './ledger.ts';
import type { Journal } from './journal.ts';
import { takeLock } from './lock.ts';
import { divide, readLeftovers, readPersonPaths, writePersonPaths } from './ownership.ts';
import { placesOf } from './places.ts';
import type { Places } from './places.ts';
import type { HandOff, RoleHandOff } from './hand-off.ts';
import { checkAgents } from './preflight.ts';
import { makeUntrackedFolder } from './record.ts';
import { giveUp, recoverTurn } from './recover.ts';
import type { Recovery } from './recover.ts';
import { decideNext } from './next.ts';
import type { LoopRuntime, LoopSettings } from './runtime.ts';
import { runRole } from './role.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import { readState, stateUnwritable } from './stamp.ts';
import { clearStop, watchStopNow } from './stop.ts';
import { resumedTurn } from './suspended.ts';
import type { Actor, StateDocument } from './state.ts';
import { createWaits } from './waits.ts';

/** What a run is asked to do. */
export interface RunRequest extends RunLength {
  readonly workspace: string;
  readonly settings: (repository: Repository) => LoopSettings;
  readonly branch: string | null;
  /** Opens the way to other machines once the branch is known; null = turns stay here. */
  readonly handOff: ((repository: Repository, places: Places, branch: string, head: string) => Promise<Result<HandOff>>) | null;
  /** The one role that this run plays, with a peer elsewhere; null = both, here. */
  readonly role: RoleRun | null;
  readonly allow_dirty: boolean;
  readonly dry_run: boolean;
  readonly clock: Clock;
  readonly emit: (event: LoopEvent) => void;
  readonly signal: AbortSignal;
}

export interface RoleRun {
  readonly role: Actor;
  /** Opens the way to the peer. `recovering`: a turn of this checkout was cut short. */
  readonly open: (repository: Repository, places: Places, branch: string, head: string, recovering: boolean, signal: AbortSignal) => Promise<Result<RoleHandOff>>;
  /** The state on the remote branch, looked at without taking part. */
  readonly peek: (repository: Repository, branch: string, stateFile: string) => Promise<Result<StateDocument>>;
  /** Environment that keeps agents from pushing past the claim. */
  readonly agentVariables: (repository: Repository) => Promise<Readonly<Record<string, string>>>;
}

/** A runtime before the branch is known. */
type PartialRuntime = Omit<LoopRuntime, 'branch' | 'handOff'>;

/** Runs turns in a workspace: lock, guards, recovery of a crashed turn, then the loop. */
export async function startRun(request: RunRequest): Promise<Result<RunResult>> {
  const opened = await openRepository(request.workspace);
  if (!opened.ok) return opened;
  const repository = opened.value;
  const settings = request.settings(repository);
  const places = placesOf(repository, request.workspace);
  if (request.dry_run) return await dryRun(request, repository, settings);

  const lock = await takeLock(places.lock, 'run');
  if (!lock.ok) return lock;
  const ended = new AbortController();
  const onAbort = (): void => ended.abort(request.signal.reason);
  request.signal.addEventListener('abort', onAbort, { once: true });
  if (request.signal.aborted) onAbort();
  let unwatch = (): void => undefined;
  let stopServing = async (): Promise<void> => undefined;
  let agents: Awaited<ReturnType<typeof openAgents>> | null = null;
  try {
    await mkdir(places.control, { recursive: true });
    stopServing = repository.git.keepReady(join(places.control, 'git-input'));
    agents = await openAgents();
    clearStop(places);
    unwatch = watchStopNow(places, ended);
    const runtime: PartialRuntime = {
      run_id: newId('run', request.clock.now()),
      mode: request.role === null ? 'combined' : 'role',
      agentVariables: (await request.role?.agentVariables(repository)) ?? {},
      workspace: request.workspace,
      repository,
      places,
      settings,
      agents,
      secrets: secretValues(Object.assign({}, process.env, ...Object.values(settings.agent.agents).map((each) => each.env ?? {}))),
      waits: createWaits(),
      ledger: openLedger(places.spent, () => request.clock.now()),
      clock: request.clock,
      emit: request.emit,
      signal: ended.signal,
    };
    return await guardedRun(request, runtime);
  } finally {
    unwatch();
    clearStop(places);
    request.signal.removeEventListener('abort', onAbort);
    agents?.close();
    await stopServing();
    await lock.value.release();
  }
}

async function guardedRun(request: RunRequest, partial: PartialRuntime): Promise<Result<RunResult>> {
  const { repository, settings, places } = partial;
  const journal = readJournal(places);
  if (!journal.ok) return journal;
  const left = journal.value?.agent ?? null;
  // Before anything else, even a refusal: nothing of a crashed turn may go on working beside us.
  if (journal.value !== null && left !== null && (await stillRuns(partial, journal.value))) {
    await partial.agents.endLeft({ scratch: left.scratch, turn_id: journal.value.turn_id });
  }
  const first = await takeSnapshot(repository.git, repository.root);
  const branch = await checkBranch(repository, first, request.branch);
  if (!branch.ok) return branch;
  const foreign = journal.value === null ? null : foreignJournal(journal.value, partial, branch.value);
  if (foreign !== null) return fail(foreign);
  if (request.role !== null && journal.value === null && first.dirty.has(settings.state_file)) return fail(stateDirty(settings.state_file));
  const roleHandOff = request.role === null ? null : await request.role.open(repository, places, branch.value, first.head ?? '', journal.value !== null, partial.signal);
  if (roleHandOff !== null && !roleHandOff.ok) return roleHandOff;
  const handOff = roleHandOff ?? (request.handOff === null ? null : await request.handOff(repository, places, branch.value, first.head ?? ''));
  if (handOff !== null && !handOff.ok) return handOff;
  // After a crash the run goes on: its budget does not begin anew.
  const runtime: LoopRuntime = { ...partial, run_id: journal.value?.run_id ?? partial.run_id, branch: branch.value, handOff: handOff?.value ?? null };
  try {
    return await runFrom(request, runtime, roleHandOff?.value ?? null, journal.value, first);
  } finally {
    await runtime.handOff?.close();
  }
}

async function runFrom(request: RunRequest, runtime: LoopRuntime, roleHandOff: RoleHandOff | null, journal: Journal | null, first: Snapshot): Promise<Result<RunResult>> {
  const { repository, settings, places, branch } = runtime;
  // In role mode the state on the remote counts, and the checkout may be behind it.
  const readNow = async (): Promise<Result<StateDocument>> => (roleHandOff === null ? readState(repository.root, settings.state_file) : await roleHandOff.state());
  const state = journal === null ? await readNow() : null;
  // A broken state file may be the crashed agent's doing; its turn's recovery mends it.
  if (state?.ok === false) return state;
  makeUntrackedFolder(settings.logs_dir);

  let recovery: Recovery | null = null;
  if (journal !== null) {
    const person = readPersonPaths(places);
    if (!person.ok) return person;
    recovery = await recoverTurn(runtime, journal, person.value);
    if (recovery.how === 'cut_short') return fail(recovery.failure);
    if (recovery.how === 'run_again' && request.role !== null && request.role.role !== journal.actor) recovery = await giveUp(runtime, journal);
  }
  const snapshot = recovery === null ? first : await takeSnapshot(repository.git, repository.root);
  const leftovers = readLeftovers(places);
  if (!leftovers.ok) return leftovers;
  const { person } = divide(snapshot, leftovers.value, settings.isReserved);
  const dirt = checkDirt(snapshot, person, request.allow_dirty);
  if (dirt !== null) return fail(dirt);
  for (const entry of snapshot.dirty.values()) if (entry.kind === 'submodule') runtime.emit({ type: 'warning', message: `The submodule ${entry.path} differs from what the branch records; it is left as it is.` });
  const begun = state ?? (await readNow());
  if (!begun.ok) return begun;
  const unwritable = stateUnwritable(repository.root, settings.state_file);
  if (unwritable !== null) return fail(unwritable);
  const hidden = settings.commits ? await stateIgnored(repository, settings.state_file) : null;
  if (hidden !== null) return fail(hidden);
  const resumed = resumedTurn(places, begun.value.state);
  if (!resumed.ok) return resumed;
  const unable = await checkAgents(runtime, begun.value.state);
  if (unable !== null) return fail(unable);
  writePersonPaths(places, runtime.run_id, person);
  runtime.emit({ type: 'run.started', run_id: runtime.run_id, workspace: runtime.workspace, branch, mode: runtime.mode, state: begun.value.state });
  const start: RunStart = {
    person,
    snapshot,
    again: recovery?.how === 'run_again' ? { turn_id: recovery.turn_id, attempt: recovery.attempt, waiting: recovery.waiting } : null,
    resumed: resumed.value,
    spent: journal === null ? NOTHING_SPENT : runtime.ledger.ofRun(journal.run_id, recovery?.how === 'run_again' ? null : journal.turn_id),
    recovered: recovery === null || recovery.how === 'run_again' ? null : countedFor(request, recovery.report),
  };
  return roleHandOff === null ? await runCombined(runtime, request, start) : await runRole(runtime, request, start, roleHandOff);
}

/** A turn of the other role, finished on the way, is none of those that this run was asked for. */
const countedFor = ({ role }: RunRequest, report: CountedTurn | null): CountedTurn | null => (role !== null && report?.failure === null && report.record.actor !== role.role ? null : report);

async function stillRuns(runtime: PartialRuntime, journal: Journal): Promise<boolean> {
  if (journal.agent === null) return false;
  const { kind, name, scratch, transcript, from } = journal.agent;
  return (await runtime.agents.left({ kind, name, scratch, events: transcript, from, turn_id: journal.turn_id, workspace: runtime.workspace })).state === 'running';
}

async function dryRun(request: RunRequest, repository: Repository, settings: LoopSettings): Promise<Result<RunResult>> {
  const status = await takeSnapshot(repository.git, repository.root);
  const branch = await checkBranch(repository, status, request.branch);
  if (!branch.ok) return branch;
  const state = request.role === null ? readState(repository.root, settings.state_file) : await request.role.peek(repository, branch.value, settings.state_file);
  if (!state.ok) return state;
  const decision = decideNext(state.value.state, settings);
  if (!decision.ok) return decision;
  const { actor, selected_prompt, reason } = decision.value;
  request.emit({ type: 'warning', message: `Dry run: ${actor} would be given ${selected_prompt} (${reason}).` });
  return ok({ run_id: null, turns: 0, iterations: 0, ended: 'dry_run', state: state.value.state, usage: { input_tokens: 0, output_tokens: 0, cost_usd: null } });
}

const stateDirty = (file: string): Failure => ({
  code: 'state_dirty',
  kind: 'precondition',
  message: `${file} differs from the last commit; in role mode the state on the remote branch is the one that counts.`,
  hint: `Take the change back (git checkout -- ${file}), or commit and push it, then run again.`,
});

/** Why the turn that was cut short cannot be gone on with by this run; null where it can. */
function foreignJournal(journal: Journal, { workspace, mode }: PartialRuntime, branch: string): Failure | null {
  if (journal.workspace !== null && journal.workspace !== workspace) return otherWorkspace(journal.workspace);
  if (journal.branch !== branch) return otherBranch(journal.branch, branch);
  return mode === 'role' && journal.mode === 'combined' ? otherMode(journal) : null;
}

const otherWorkspace = (workspace: string): Failure => ({
  code: 'turn_in_flight',
  kind: 'precondition',
  message: `A turn of another workspace in this checkout was cut short: ${workspace}.`,
  hint: `orchestrator -C ${workspace} run finishes or repeats it first.`,
  details: { workspace },
});

const otherMode = ({ turn_id, actor }: Journal): Failure => ({
  code: 'turn_in_flight',
  kind: 'precondition',
  message: `${actor}'s turn ${turn_id} of a combined run was cut short; a role cannot hand it off, as its branch may be ahead of the remote.`,
  hint: 'orchestrator run --once finishes or repeats it here; push the branch, then run the role.',
});

const otherBranch = (journalled: string, current: string): Failure => ({
  code: 'wrong_branch',
  kind: 'precondition',
  message: `A turn on the branch ${journalled} was cut short, but the checkout is on ${current}.`,
  hint: `git switch ${journalled}, then run again: the turn is finished or repeated there.`,
  details: { branch: current, wanted: journalled },
});
