import { ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { promptExists } from './route.ts';
import { asksRouter, decide } from './router.ts';
import type { RouterDecision } from './router.ts';
import type { LoopSettings } from './runtime.ts';
import type { Actor, OrchestrationState } from './state.ts';
import { begin } from './transition.ts';

/** What the coming turn would be, as far as it can be known without asking an agent. */
export interface ComingTurn extends RouterDecision {
  readonly actor: Actor;
}

export function decideNext(before: OrchestrationState, settings: LoopSettings): Result<ComingTurn> {
  const state = begin(before);
  const decision = decide({ state, settings: settings.router, prompts: settings.prompts, exists: promptExists(settings.prompts_dir) });
  if (!decision.ok) return decision;
  const asked = asksRouter(state, settings.router) ? `; the router (${settings.router.prompt ?? ''}) will be asked first` : '';
  return ok({ ...decision.value, reason: decision.value.reason + asked, actor: state.expected_actor });
}
