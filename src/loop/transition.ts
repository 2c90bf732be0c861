import { utcSeconds } from '../base/clock.ts';
import { exhaustive } from '../base/exhaustive.ts';
import type { Failure } from '../base/failure.ts';
import type { Conclusion } from './outcome.ts';
import { isKnownKey, otherActor } from './state.ts';
import type { Actor, OrchestrationState, StateDocument, TurnFailure } from './state.ts';

/** What a turn was, for its stamp. */
export interface TurnFacts {
  readonly actor: Actor;
  /** Null when nothing could be chosen. */
  readonly prompt: string | null;
  /** The prompt is the reviewer's. */
  readonly review: boolean;
  readonly review_placement: 'replace' | 'before';
  readonly run_id: string;
  readonly turn_id: string;
  readonly attempt: number;
  /** HEAD once the turn's work was committed; `no-git` where commits are switched off and there is none. */
  readonly commit: string;
  /** The turn changed HEAD, the tree or the input file. */
  readonly progressed: boolean;
  /** Turns in a row without progress after which the loop stops; 0 = never. */
  readonly no_progress_limit: number;
  readonly log: string | null;
  readonly exit_code: number | null;
  readonly at: Date;
}

/** The state after a turn, and the failure that ends the run, if any. Pure; the one place where `expected_actor` changes. */
export function advance(before: OrchestrationState, turn: TurnFacts, conclusion: Conclusion): { state: OrchestrationState; failure: Failure | null } {
  const stamped: OrchestrationState = {
    ...before,
    last_update: utcSeconds(turn.at),
    last_prompt: turn.prompt ?? before.last_prompt,
    last_prompt_actor: turn.prompt === null ? before.last_prompt_actor : turn.actor,
    run_id: turn.run_id,
    turn_id: turn.turn_id,
    attempt: turn.attempt,
    failure: null,
    exit: undefined,
    exit_reason: undefined,
  };
  switch (conclusion.kind) {
    case 'ok':
    case 'complete':
      return handOver(stamped, turn, conclusion);
    case 'blocked':
      return standStill({ ...stamped, ...committed(turn) }, turn, 'blocked', conclusion.failure);
    case 'failed':
      return standStill(stamped, turn, 'failed', conclusion.failure);
    case 'interrupted':
      return { state: before, failure: conclusion.failure };
    default:
      return exhaustive(conclusion);
  }
}

function handOver(stamped: OrchestrationState, turn: TurnFacts, conclusion: Extract<Conclusion, { kind: 'ok' | 'complete' }>): ReturnType<typeof advance> {
  const { actor } = turn;
  const without = turn.progressed ? 0 : stamped.no_progress[actor] + 1;
  const no_progress = turn.review ? stamped.no_progress : { ...stamped.no_progress, [actor]: without };
  if (conclusion.kind === 'ok' && !turn.review && turn.no_progress_limit > 0 && without >= turn.no_progress_limit) {
    return standStill({ ...stamped, ...committed(turn), no_progress }, turn, 'blocked', noProgress(actor, without));
  }
  const staysWithGalph = turn.review && turn.review_placement === 'before';
  const next = staysWithGalph ? actor : otherActor(actor);
  const wish = conclusion.next_prompt ?? (actor === 'galph' && !turn.review ? null : (stamped.next_prompt ?? null));
  const state: OrchestrationState = {
    ...stamped,
    ...committed(turn),
    no_progress,
    expected_actor: next,
    status: next === 'ralph' ? 'waiting-ralph' : staysWithGalph ? 'idle' : 'complete',
    iteration: actor === 'ralph' ? stamped.iteration + 1 : stamped.iteration,
    next_prompt: wish ?? undefined,
  };
  if (turn.review) state.last_review_iteration = stamped.iteration;
  if (conclusion.kind === 'complete') {
    state.exit = true;
    state.exit_reason = conclusion.summary ?? `${actor} reported that all is done`;
  }
  return { state, failure: null };
}

function standStill(stamped: OrchestrationState, turn: TurnFacts, status: 'failed' | 'blocked', failure: Failure): ReturnType<typeof advance> {
  const recorded: TurnFailure = {
    actor: turn.actor,
    prompt: turn.prompt,
    code: failure.code,
    message: failure.message,
    exit_code: turn.exit_code,
    log: turn.log,
    at: utcSeconds(turn.at),
  };
  // A wish that the gates refused must not refuse every later run as well.
  const next_prompt = failure.kind === 'invalid' ? undefined : stamped.next_prompt;
  return { state: { ...stamped, status, failure: recorded, next_prompt }, failure };
}

const committed = (turn: TurnFacts): Partial<OrchestrationState> =>
  turn.actor === 'galph' ? { galph_commit: turn.commit } : { ralph_commit: turn.commit };

function noProgress(actor: Actor, turns: number): Failure {
  return {
    code: 'no_progress',
    kind: 'needs_person',
    message: `${actor} said ok ${turns} times in a row and changed nothing: no commit, no file, no new input.`,
    hint: 'Look at its last log, change the plan or the prompt, and run again (limits.no_progress_limit: 0 switches this off).',
  };
}

/** A run that a person starts takes back what made the last one end. */
export function begin(state: OrchestrationState): OrchestrationState {
  const stuck = state.status === 'blocked' && state.failure?.code === 'no_progress';
  return {
    ...state,
    exit: undefined,
    exit_reason: undefined,
    ...(stuck ? { no_progress: { galph: 0, ralph: 0 } } : {}),
  };
}

/** The state of a loop that ends between two turns: on a person's stop, or because the budget is spent. */
export function endBetweenTurns(state: OrchestrationState, at: Date, run_id: string, why: { readonly stop: string } | { readonly budget: Failure }): OrchestrationState {
  const stamped = { ...state, last_update: utcSeconds(at), run_id };
  if ('stop' in why) return { ...stamped, status: 'stopped' };
  const { code, message } = why.budget;
  const failure = { actor: state.expected_actor, prompt: null, code, message, exit_code: null, log: null, at: utcSeconds(at) };
  return { ...stamped, status: 'failed', failure };
}

/** What an agent's edit of the state file during its turn is worth: `exit`, `exit_reason` and keys that are not ours. */
export interface AgentEdit {
  readonly exit: boolean;
  readonly exit_reason: string | null;
  readonly raw: Record<string, unknown>;
  /** Fields of ours that it changed in vain. */
  readonly ignored: readonly string[];
}

/** Compares the file's state after a turn with the one before it. */
export function readAgentEdit(before: StateDocument, after: StateDocument): AgentEdit {
  const raw: Record<string, unknown> = { ...before.raw };
  for (const [key, value] of Object.entries(after.raw)) {
    if (!isKnownKey(key)) Object.defineProperty(raw, key, { value, enumerable: true, configurable: true, writable: true });
  }
  const compared = Object.keys(after.raw).filter((key) => isKnownKey(key) && key !== 'exit' && key !== 'exit_reason');
  const show = (document: StateDocument, key: string): string => JSON.stringify((document.state as Record<string, unknown>)[key]) ?? '';
  return {
    exit: after.state.exit === true && before.state.exit !== true,
    exit_reason: after.state.exit_reason ?? null,
    raw,
    ignored: compared.filter((key) => show(before, key) !== show(after, key)),
  };
}
