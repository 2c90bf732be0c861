import { setTimeout as delay } from 'node:timers/promises';
import type { Failure } from '../base/failure.ts';
import { callAgent, prepareCall } from './agent-call.ts';
import type { EarlierCalls, FinishedCall, PreparedCall } from './agent-call.ts';
import { NOTHING_USED, addUsage } from './budget.ts';
import type { Spent } from './budget.ts';
import { writeJournal } from './journal.ts';
import type { Journal, Waiting } from './journal.ts';
import type { LoopRuntime } from './runtime.ts';
import type { OrchestrationState } from './state.ts';
import { readStop, stopped } from './stop.ts';
import { suspendIfAsked } from './suspended.ts';
import type { Resumed } from './suspended.ts';
import { decideLimit } from './usage-limit.ts';

/** What a resumed session is told after its limit. */
const GO_ON = 'The usage limit is over. Go on where you were, and finish the task.\n';
/** How often a wish to stop is looked for in a long wait. Milliseconds. */
const LOOK_MS = 500;

export interface Played {
  readonly journal: Journal;
  readonly call: FinishedCall;
}

/**
 * Plays a prompt to its end, which may take several calls: at a usage limit the session is gone on with once after its
 * reset, or another agent takes over. A question that nobody answered in time ends it as blocked, and its session is gone on with by a
 * later run. `left`: a wait that a crash cut short, or the answers to such questions.
 */
export async function playPrompt(runtime: LoopRuntime, routed: Journal, first: PreparedCall, state: OrchestrationState, spent: Spent, left: { readonly waiting: Waiting | null; readonly resumed: Resumed | null }): Promise<Played> {
  const { clock, settings, places } = runtime;
  /** The prompt from its beginning, for the agent that plays now. */
  let fresh = first;
  let prepared = left.resumed === null ? fresh : answeredCall(fresh, left.resumed);
  let journal = routed;
  let earlier: EarlierCalls | null = null;
  let waiting = left.waiting?.agent === first.spec.name ? left.waiting : null;
  let waited = false;
  const exhausted: string[] = [];
  for (;;) {
    if (waiting !== null) {
      waited = true;
      journal = { ...journal, waiting };
      writeJournal(places, journal);
      runtime.emit({ type: 'run.waiting', for: `the usage limit of ${waiting.agent}`, until: waiting.until });
      const endWait = runtime.waits.begin();
      const cut = await sleepUntil(runtime, new Date(waiting.until));
      endWait();
      if (cut !== null) return { journal, call: earlier === null ? nothingDone(cut) : { ...earlier.last, cut } };
      const { session_id, used } = waiting;
      // Without a session to go on with, the prompt is played once more.
      if (session_id !== null) prepared = { ...prepared, request: { ...prepared.request, prompt: Buffer.from(GO_ON), resume: { session_id, used } } };
      journal = { ...journal, waiting: null };
      waiting = null;
    }
    const played = await callAgent(runtime, journal, prepared, spent, { earlier });
    ({ journal } = played);
    const { call } = played;
    const total: FinishedCall = earlier === null ? call : { ...call, result: { ...call.result, usage: addUsage(earlier.usage, call.result.usage), agent_ms: earlier.agent_ms + call.result.agent_ms } };
    if (call.cut !== null) return { journal, call: total };
    earlier = { logs: call.logs, usage: total.result.usage, agent_ms: total.result.agent_ms, last: total };
    const { session_id, usage_limit } = call.result;
    /** By the whole session. */
    const used = addUsage(prepared.request.resume?.used ?? NOTHING_USED, call.result.usage);
    const asked = call.result.failure === null ? suspendIfAsked(places, { ...journal, prompt: prepared.prompt.name, agent: prepared.spec.name, session_id, used }) : null;
    if (asked?.ok === false) return { journal, call: { ...total, cut: asked.failure } };
    if (asked !== null && asked.value !== null) {
      // The answers came after the agent was told to end its turn.
      prepared = answeredCall(fresh, asked.value);
      continue;
    }
    if (usage_limit === null) return { journal, call: total };

    exhausted.push(prepared.spec.name);
    const reached = { agent: prepared.spec.name, resets_at: usage_limit.resets_at === null ? null : new Date(usage_limit.resets_at), session_id, waited, spent: exhausted };
    const decision = decideLimit(reached, settings.usage_limit, clock.now());
    if (decision.act === 'fail') return { journal, call: { ...total, cut: decision.failure } };
    if (decision.act === 'wait') {
      waiting = { agent: prepared.spec.name, until: decision.until.toISOString(), session_id, used };
      continue;
    }
    runtime.emit({ type: 'warning', message: `${prepared.spec.name} has come to its usage limit; ${decision.agent} goes on.` });
    const next = await prepareCall(runtime, journal, state, first.prompt.name, decision.agent);
    if (!next.ok) return { journal, call: { ...total, cut: next.failure } };
    fresh = next.value;
    prepared = fresh;
  }
}

/** The call that goes on with a suspended session; where the agent has none, the prompt with question and answer below it. */
function answeredCall(call: PreparedCall, { from, text }: Resumed): PreparedCall {
  const same = from.agent === call.spec.name && from.prompt === call.prompt.name;
  if (same && from.session_id !== null) return { ...call, request: { ...call.request, prompt: Buffer.from(text), resume: { session_id: from.session_id, used: from.used } } };
  return { ...call, request: { ...call.request, prompt: Buffer.concat([call.request.prompt, Buffer.from(`\n\n${text}`)]) } };
}

/** Sleeps; gives why it was cut short, if it was. */
async function sleepUntil({ clock, places, signal, handOff }: LoopRuntime, until: Date): Promise<Failure | null> {
  const cutBy = [signal, ...(handOff === null ? [] : [handOff.lost])];
  for (;;) {
    const aborted = cutBy.find((each) => each.aborted);
    if (aborted !== undefined) return aborted.reason as Failure;
    const stop = readStop(places);
    if (stop !== null) return stopped(stop.reason);
    const left = until.getTime() - clock.now().getTime();
    if (left <= 0) return null;
    await delay(Math.min(left, LOOK_MS), undefined, { signal: AbortSignal.any(cutBy) }).catch(() => undefined);
  }
}

/** A wait was taken up again and cut short before any call. */
const nothingDone = (cut: Failure): FinishedCall => ({
  result: { exit_code: null, ended_early: 'aborted', left_behind: false, said_done: false, failure: cut, error_class: null, session_id: null, usage_limit: null, usage: NOTHING_USED, final: '', agent_ms: 0 },
  logs: null,
  cut,
  overspent: null,
  after: null,
});
