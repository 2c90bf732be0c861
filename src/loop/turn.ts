import { crashPoint } from '../base/crash-point.ts';
import { newId, newNonce } from '../base/ids.ts';
import { ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { prepareCall } from './agent-call.ts';
import { NOTHING_USED, addUsage } from './budget.ts';
import type { Spent } from './budget.ts';
import { treeDigest } from './change-set.ts';
import type { Resumed } from './suspended.ts';
import { concludeTurn } from './conclude.ts';
import type { TurnReport } from './conclude.ts';
import { inputDigest } from './input-digest.ts';
import { closeJournal, writeJournal } from './journal.ts';
import type { Journal, Waiting } from './journal.ts';
import { playPrompt } from './play-prompt.ts';
import { routeTurn } from './route.ts';
import { asksRouter } from './router.ts';
import type { LoopRuntime } from './runtime.ts';
import type { Snapshot } from './snapshot.ts';
import type { StateDocument } from './state.ts';

/** A turn that is run again. */
export interface RepeatedTurn {
  readonly turn_id: string;
  readonly attempt: number;
  /** A usage limit that it waited for. */
  readonly waiting: Waiting | null;
}

/** Where a turn begins. */
export interface TurnStart {
  readonly document: StateDocument & { readonly text: string | null };
  readonly snapshot: Snapshot;
  readonly person: ReadonlySet<string>;
  readonly spent: Spent;
  readonly beginsRun: boolean;
  /** The crashed turn that is run again. */
  readonly again?: RepeatedTurn;
  /** The suspended turn that this one goes on with. */
  readonly resumed?: Resumed;
  /** Why no agent may be started: the turn is stamped as failed by this. */
  readonly refuse?: Failure;
}

/**
 * One turn, the same in every mode: journal the intent, route, run the prompt, conclude. Expected failures end up in
 * the state and in the report; anything thrown leaves the journal for the next start.
 */
export async function runTurn(runtime: LoopRuntime, start: TurnStart): Promise<Result<TurnReport>> {
  const { clock, settings, places } = runtime;
  const { state } = start.document;
  const at = clock.now();
  const treeBefore = treeDigest(start.snapshot, start.person, settings.isReserved);
  const intent: Journal = {
    schema_version: 1,
    run_id: runtime.run_id,
    turn_id: start.again?.turn_id ?? newId('turn', at),
    attempt: start.again?.attempt ?? 1,
    mode: runtime.mode,
    branch: runtime.branch,
    workspace: runtime.workspace,
    actor: state.expected_actor,
    iteration: state.iteration,
    base: start.snapshot.head ?? '',
    started_at: at.toISOString(),
    state_before: start.document.text,
    begins_run: start.beginsRun,
    input_before: inputDigest(settings.input_file),
    tree_before: treeBefore,
    commits: settings.commits,
    routed: null,
    agent: null,
    waiting: null,
    // Journalled before it is pushed: a crash in between must find its own claim again.
    claim: runtime.handOff === null ? null : newNonce(),
  };
  crashPoint('before-claim');
  // Each write replaces a file, which costs a flush. With no claim to take and no router to ask nothing happens before
  // the agent's own entry, which then is the first.
  if (runtime.handOff !== null || asksRouter(state, settings.router)) writeJournal(places, intent);
  if (runtime.handOff !== null && intent.claim !== null) {
    const { actor, iteration, turn_id, attempt, base, claim } = intent;
    const claimed = await runtime.handOff.claim({ actor, iteration, turn_id, attempt, base, nonce: claim });
    if (!claimed.ok) {
      // Nothing has begun: a turn that was not won leaves no trace.
      closeJournal(places);
      return claimed;
    }
  }
  crashPoint('after-claim');

  const ended = { before: start.snapshot, person: start.person };
  const refused = async (journal: Journal, failure: Failure): Promise<Result<TurnReport>> => {
    writeJournal(places, journal);
    return ok(await concludeTurn(runtime, { ...ended, journal, agent: null, cut: failure }));
  };

  if (start.refuse !== undefined) return await refused(intent, start.refuse);
  const { decision, asked } = await routeTurn(runtime, intent, start.document, start.spent);
  if (asked?.cut) return await refused(intent, asked.cut);
  if (!decision.ok) return await refused(intent, decision.failure);
  const { selected_prompt, source, reason } = decision.value;
  const review = state.expected_actor === 'galph' && selected_prompt === settings.prompts.reviewer && selected_prompt !== settings.prompts.galph;
  const routed: Journal = { ...intent, routed: { prompt: selected_prompt, source, reason, review } };

  const prepared = await prepareCall(runtime, routed, state, selected_prompt);
  if (!prepared.ok) return await refused(routed, prepared.failure);
  const routing = asked?.result.usage ?? NOTHING_USED;
  const spent = { ...start.spent, usage: addUsage(start.spent.usage, routing) };
  const { journal, call } = await playPrompt(runtime, routed, prepared.value, state, spent, { waiting: start.again?.waiting ?? null, resumed: start.resumed ?? null });
  const agent = { ...call.result, usage: addUsage(call.result.usage, routing) };
  return ok(await concludeTurn(runtime, { ...ended, journal, agent, cut: call.cut, overspent: call.overspent, after: call.after }));
}
