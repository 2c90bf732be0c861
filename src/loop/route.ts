import { existsSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { callAgent, clearAttempt, prepareCall } from './agent-call.ts';
import type { FinishedCall } from './agent-call.ts';
import type { Spent } from './budget.ts';
import type { Journal } from './journal.ts';
import { asksRouter, decide, insideFolder } from './router.ts';
import type { RouterAnswer, RouterDecision } from './router.ts';
import type { LoopRuntime } from './runtime.ts';
import { formatState } from './state.ts';
import type { StateDocument } from './state.ts';

/** Whether a prompt of this name is a file inside the folder, links followed. */
export function promptExists(folder: string): (name: string) => boolean {
  return (name) => {
    if (!insideFolder(name) || !existsSync(join(folder, name))) return false;
    return realpathSync(join(folder, name)).startsWith(realpathSync(folder) + sep);
  };
}

/** A decision, with the routing agent's call where one was asked. */
export interface Routed {
  readonly decision: Result<RouterDecision>;
  readonly asked: FinishedCall | null;
}

/** Routes the coming turn: the pure decision, and before it the routing agent where it has a say. */
export async function routeTurn(runtime: LoopRuntime, journal: Journal, document: StateDocument, spent: Spent): Promise<Routed> {
  const { settings } = runtime;
  const { state } = document;
  const input = { state, settings: settings.router, prompts: settings.prompts, exists: promptExists(settings.prompts_dir) };
  const first = decide(input);
  const { prompt } = settings.router;
  if (!first.ok || prompt === null || !asksRouter(state, settings.router)) return { decision: first, asked: null };

  const asked = await askRouter(runtime, journal, document, prompt, spent);
  if (!asked.ok) return { decision: asked, asked: null };
  return { decision: decide({ ...input, answer: asked.value.answer }), asked: asked.value.call };
}

async function askRouter(
  runtime: LoopRuntime,
  journal: Journal,
  document: StateDocument,
  prompt: string,
  spent: Spent,
): Promise<Result<{ answer: RouterAnswer; call: FinishedCall }>> {
  const prepared = await prepareCall(runtime, journal, document.state, prompt);
  if (!prepared.ok) return prepared;
  const { request, spec } = prepared.value;
  const block = `\n\n\`\`\`json\n${formatState(document)}\`\`\`\n`;
  const limits = { ...request.limits, turn_timeout_ms: Math.min(request.limits.turn_timeout_ms, runtime.settings.router_timeout_ms) };
  runtime.emit({ type: 'router.asked', turn_id: journal.turn_id, prompt, agent: spec.name });
  const withState = { ...prepared.value, request: { ...request, limits, prompt: Buffer.concat([request.prompt, Buffer.from(block)]) } };
  const { journal: after, call } = await callAgent(runtime, journal, withState, spent, { routing: true });
  await clearAttempt(after);
  const { result } = call;
  const answer: RouterAnswer = result.failure === null ? { text: result.final } : { none: result.failure.message };
  return ok({ answer, call });
}
