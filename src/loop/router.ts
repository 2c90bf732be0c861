import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { reviewDue } from './cadence.ts';
import type { Cadence } from './cadence.ts';
import type { Actor, OrchestrationState } from './state.ts';

/** Which prompt each part plays; names relative to the prompts folder. */
export interface PromptMap {
  readonly galph: string;
  readonly ralph: string;
  readonly reviewer: string;
}

export type RouterMode = 'router_default' | 'router_first' | 'router_only';

export interface RouterSettings extends Cadence {
  readonly enabled: boolean;
  readonly mode: RouterMode;
  /** Prompt of the routing agent; null = none is asked. */
  readonly prompt: string | null;
  /** Prompts that may be chosen; empty = those of the prompt map. */
  readonly allowlist: readonly string[];
}

export interface RouterDecision {
  readonly selected_prompt: string;
  readonly source: 'deterministic' | 'router';
  readonly reason: string;
}

/** What the routing agent said: its final answer, or that there was none (and why). */
export type RouterAnswer = { readonly text: string } | { readonly none: string };

export interface RouterInput {
  readonly state: OrchestrationState;
  readonly settings: RouterSettings;
  readonly prompts: PromptMap;
  /** Whether a file of this name exists inside the prompts folder. */
  readonly exists: (prompt: string) => boolean;
  /** Present once the routing agent was asked. */
  readonly answer?: RouterAnswer;
}

/** Whether the routing agent has a say in the coming turn: only the first actor's, only with a prompt of its own. */
export function asksRouter(state: OrchestrationState, settings: RouterSettings): boolean {
  return settings.enabled && settings.prompt !== null && state.expected_actor === 'galph';
}

/** The prompt of the coming turn, with its gates. Failures are of kind `invalid`; nothing may be dispatched then. */
export function decide(input: RouterInput): Result<RouterDecision> {
  const { state, settings, answer } = input;
  if (settings.enabled && settings.mode === 'router_only' && settings.prompt === null && state.expected_actor === 'galph') {
    return fail(failure('router_unset', 'router.mode is router_only, but router.prompt names no prompt to ask.'));
  }
  const chosen = choose(input);
  if (answer === undefined || !asksRouter(state, settings)) return gate(chosen, input);
  if ('none' in answer) {
    if (settings.mode === 'router_first') return gate({ ...chosen, reason: `${chosen.reason}; the router gave no answer (${answer.none})` }, input);
    return fail(failure('router_failed', `The router ${settings.prompt ?? ''} gave no answer: ${answer.none}.`));
  }
  const lines = answer.text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
  const [name] = lines;
  if (name === undefined) return decide({ ...input, answer: { none: 'it was empty' } });
  if (lines.length > 1) {
    return fail(failure('router_invalid', `The router answered with ${lines.length} lines; it must be exactly one, the name of a prompt.`, { answer: answer.text.slice(0, 2000) }));
  }
  return gate({ selected_prompt: name, source: 'router', reason: `the router (${settings.prompt ?? ''}) chose it` }, input);
}

/** Steps 1 and 2: the expected actor's own prompt, the reviewer's on its cadence, or galph's wish. */
function choose({ state, settings, prompts }: RouterInput): RouterDecision {
  const own = prompts[state.expected_actor];
  const plain = (selected_prompt: string, reason: string): RouterDecision => ({ selected_prompt, source: 'deterministic', reason });
  if (!settings.enabled) return plain(own, `it is ${state.expected_actor}'s turn in iteration ${state.iteration}`);
  if (reviewDue(state, settings)) {
    return plain(prompts.reviewer, `iteration ${state.iteration} is a review iteration (every ${settings.review_every_n})`);
  }
  const wish = state.expected_actor === 'galph' ? (state.next_prompt ?? null) : null;
  if (wish !== null) return plain(wish, 'an earlier turn asked for it (next_prompt)');
  return plain(own, `it is ${state.expected_actor}'s turn in iteration ${state.iteration}`);
}

/** Step 4: every choice passes here. */
function gate(decision: RouterDecision, input: RouterInput): Result<RouterDecision> {
  const { prompts, settings, state } = input;
  const name = decision.selected_prompt;
  const actor: Actor = state.expected_actor;
  const by = decision.source === 'router' ? 'The router chose' : 'The turn would use';
  const refuse = (code: string, why: string): Result<RouterDecision> =>
    fail(failure(code, `${by} the prompt ${JSON.stringify(name)}, but ${why}.`, { prompt: name, actor, iteration: state.iteration }));
  if (!insideFolder(name)) return refuse('prompt_outside', 'a prompt must lie inside the prompts folder: no absolute path, no ".."');
  const allowed = settings.allowlist.length > 0 ? settings.allowlist : Object.values(prompts);
  if (!allowed.includes(name)) return refuse('prompt_not_allowed', `only these may be used: ${allowed.join(', ')}`);
  const mine = settings.enabled && actor === 'galph' ? [prompts[actor], prompts.reviewer] : [prompts[actor]];
  if (!mine.includes(name)) return refuse('prompt_not_actors', `${actor} may only be given ${mine.join(' or ')}`);
  if (!input.exists(name)) return refuse('prompt_missing', 'there is no such file in the prompts folder');
  return ok(decision);
}

/** Whether a name stays inside the folder that it is relative to. */
export function insideFolder(name: string): boolean {
  if (name === '' || name.includes('\0') || name.includes('\\')) return false;
  return !name.startsWith('/') && !/^[A-Za-z]:/.test(name) && !name.split('/').includes('..');
}

function failure(code: string, message: string, details: Record<string, unknown> = {}): Failure {
  return { code, kind: 'invalid', message, hint: 'Nothing was started. See what would be chosen with: orchestrator next', details };
}
