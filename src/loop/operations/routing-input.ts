import { z } from 'zod';
import type { AgentFlags } from '../../agents/contract.ts';
import type { Failure } from '../../base/failure.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { FlagSetting } from '../../config/load-config.ts';

/** Input that changes how turns are decided; shared by `run` and `next`. */
export const RoutingInput = z.object({
  agent: z.string().min(1).optional(),
  agent_role: z.record(z.string(), z.string().min(1)).optional(),
  agent_prompt: z.record(z.string(), z.string().min(1)).optional(),
  prompt_supervisor: z.string().optional(),
  prompt_main: z.string().optional(),
  prompt_reviewer: z.string().optional(),
  use_router: z.boolean().optional(),
  router_prompt: z.string().optional(),
  router_mode: z.string().optional(),
  router_allowlist: z.array(z.string()).optional(),
  review_every: z.number().int().min(0).optional(),
});
export type RoutingInput = z.infer<typeof RoutingInput>;

/** The configuration values that an input stands for, each with the flag it came from. */
export function routingFlags(input: RoutingInput): FlagSetting[] {
  return given([
    ['supervisor_prompt', input.prompt_supervisor, '--prompt-supervisor'],
    ['main_prompt', input.prompt_main, '--prompt-main'],
    ['reviewer_prompt', input.prompt_reviewer, '--prompt-reviewer'],
    ['router.enabled', input.use_router, input.use_router === false ? '--no-router' : '--use-router'],
    ['router.prompt', input.router_prompt, '--router-prompt'],
    ['router.mode', input.router_mode, '--router-mode'],
    ['router.allowlist', input.router_allowlist, '--router-allowlist'],
    ['router.review_every_n', input.review_every, '--review-every'],
  ]);
}

/** Names in an input that nothing of this workspace has: a role or a prompt for an agent that would never play it. */
export function unknownNames(input: RoutingInput, prompts: readonly string[]): Failure | null {
  const roles = ['galph', 'ralph'];
  const role = Object.keys(input.agent_role ?? {}).find((name) => !roles.includes(name));
  if (role !== undefined) return { code: 'usage', kind: 'invalid', message: `--agent-role: there is no actor ${JSON.stringify(role)}.${didYouMean(role, roles)}`, hint: 'The actors are galph and ralph; for the reviewer use --agent-prompt reviewer.md=…' };
  const prompt = Object.keys(input.agent_prompt ?? {}).find((name) => !prompts.includes(name));
  if (prompt !== undefined) return { code: 'usage', kind: 'invalid', message: `--agent-prompt: no turn plays the prompt ${JSON.stringify(prompt)}.${didYouMean(prompt, prompts)}`, hint: `The prompts are ${prompts.join(', ')}.` };
  return null;
}

/** Keeps the values that were given. */
export function given(values: readonly (readonly [path: string, value: unknown, flag: string])[]): FlagSetting[] {
  return values.filter(([, value]) => value !== undefined).map(([path, value, flag]) => ({ path, value, flag }));
}

export const agentFlagsOf = (input: RoutingInput): AgentFlags => ({
  agent: input.agent ?? null,
  roles: input.agent_role ?? {},
  prompts: input.agent_prompt ?? {},
});
