import type { Failure } from '../base/failure.ts';
import { halfDone } from '../git/repository.ts';
import type { ChangeSet } from './change-set.ts';
import type { Journal } from './journal.ts';
import { stateMessage } from './message.ts';
import type { TurnTrailers } from './message.ts';
import type { Conclusion } from './outcome.ts';
import type { LoopRuntime } from './runtime.ts';
import type { Snapshot } from './snapshot.ts';
import { stampApart, stampState, writeState } from './stamp.ts';
import { isKnownKey } from './state.ts';
import type { StateDocument } from './state.ts';
import { advance, begin } from './transition.ts';
import type { TurnFacts } from './transition.ts';

/** Whether the index holds changes of other paths, which our commit must not take along. */
export const stagedBeside = (after: Snapshot, own: ReadonlySet<string>): boolean => [...after.dirty.values()].some((entry) => entry.staged && !own.has(entry.path));

/** What a turn's stamp is made of. */
export interface Stamp {
  readonly before: StateDocument;
  readonly document: StateDocument;
  readonly conclusion: Conclusion;
  readonly head: string;
  readonly trailers: TurnTrailers;
  readonly journal: Journal;
  readonly after: Snapshot;
  readonly changes: ChangeSet;
  readonly editBroken: boolean;
  readonly warn: (message: string) => void;
}

/** Stamps the state after a turn and gives the commit, if one was made. */
export async function stampTurn(runtime: LoopRuntime, turn: Stamp): Promise<string | null> {
  const { repository, settings, branch } = runtime;
  const { journal, after } = turn;
  const at = [repository.git, repository.root, settings.state_file] as const;
  // An interrupted turn is as if it had not begun: its work stays, its state does not move.
  if (turn.conclusion.kind === 'interrupted') {
    if (turn.editBroken && after.branch === branch) writeState(repository.root, settings.state_file, turn.before, runtime.places.control);
    return null;
  }
  const { state } = turn.document;
  const sync = { actor: journal.actor, iteration: journal.iteration, next: state.expected_actor, status: turn.conclusion.kind, commit: turn.head };
  const message = settings.commits ? stateMessage(sync, turn.trailers) : null;
  const unfit = turn.changes.failure?.code === 'half_done' || after.branch !== branch;
  if (unfit && message !== null) {
    const operation = halfDone(repository.gitDirectory);
    const place = { branch, checkedOut: after.branch === branch, rebasing: operation === 'rebase', scratch: runtime.places.control };
    if (!(await stampApart(...at, turn.document, message, place))) turn.warn(`${settings.state_file} was not stamped, because a rebase is half done`);
    return null;
  }
  if (unfit) return null;
  const tracked = journal.state_before !== null && after.dirty.get(settings.state_file)?.kind !== 'untracked';
  const nothing_else_staged = !stagedBeside(after, new Set([...turn.changes.commit, settings.state_file]));
  return await stampState(repository, settings.state_file, turn.document, message, { control: runtime.places.control, tracked, nothing_else_staged });
}

/** The keys of others that an agent changed in the state file, for a stamp on another version of the file. */
export const keysOf = (before: StateDocument, raw: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(raw).filter(([key, value]) => !isKnownKey(key) && JSON.stringify(before.raw[key]) !== JSON.stringify(value)));

/** The same turn's stamp on the state that the remote has by now. `unfit`: why its work could not land there. */
export function stampOn(on: StateDocument, work: string, turn: Stamp & { readonly facts: TurnFacts; readonly begins_run: boolean; readonly ownKeys: Record<string, unknown>; readonly unfit: Failure | null }): { document: StateDocument; message: string } {
  const conclusion: Conclusion = turn.unfit === null ? turn.conclusion : { kind: 'failed', failure: turn.unfit };
  const { state } = advance(turn.begins_run ? begin(on.state) : on.state, { ...turn.facts, commit: work }, conclusion);
  const { actor, iteration } = turn.journal;
  const message = stateMessage({ actor, iteration, next: state.expected_actor, status: conclusion.kind, commit: work }, { ...turn.trailers, outcome: conclusion.kind });
  return { document: { state, raw: { ...on.raw, ...turn.ownKeys } }, message };
}
