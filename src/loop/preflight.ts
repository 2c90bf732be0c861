import { sandboxMissing } from '../agents/contract.ts';
import type { Failure } from '../base/failure.ts';
import { readPrompt } from './prompt.ts';
import type { LoopRuntime } from './runtime.ts';
import type { OrchestrationState } from './state.ts';

/**
 * Looks for the agents of both actors before the first turn, so that a run does not find in the middle of the night
 * that one is not installed. A prompt that is missing or broken is left to its own turn, which says so.
 */
export async function checkAgents(runtime: LoopRuntime, state: OrchestrationState): Promise<Failure | null> {
  const { settings } = runtime;
  if (settings.sandbox.mode === 'strict') {
    const problem = await runtime.agents.sandboxProblem();
    if (problem !== null) return sandboxMissing(problem);
  }
  if (settings.sandbox.mode !== 'off') runtime.agents.noteWorkspace(runtime.workspace);
  const parts: [actor: string, prompt: string][] = [['galph', settings.prompts.galph], ['ralph', settings.prompts.ralph]];
  if (settings.router.enabled && settings.router.review_every_n > 0) parts.push(['galph', settings.prompts.reviewer]);
  const inOrder = state.expected_actor === 'ralph' ? parts.toReversed() : parts;
  for (const [actor, prompt] of inOrder) {
    const read = readPrompt(settings.prompts_dir, prompt);
    const frontMatter = read.ok ? (read.value.frontMatter?.agent ?? null) : null;
    const chosen = await runtime.agents.choose({ prompt, actor, flags: settings.agentFlags, frontMatter, config: settings.agent });
    if (!chosen.ok) return chosen.failure;
  }
  return null;
}
