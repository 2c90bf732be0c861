import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import type { AgentAdapter } from './adapter.ts';
import type { AgentKind } from './contract.ts';

/** The adapter of a kind, loaded when it is first asked for. Failure `agent_kind_unavailable` for kinds without one yet. */
export async function adapterOf(kind: AgentKind): Promise<Result<AgentAdapter>> {
  switch (kind) {
    case 'claude':
      return ok((await import('./claude/claude-adapter.ts')).claudeAdapter);
    case 'codex':
      return ok((await import('./codex/codex-adapter.ts')).codexAdapter);
    case 'command':
      return ok((await import('./command/command-adapter.ts')).commandAdapter);
    case 'scripted':
      return ok((await import('./scripted/scripted-adapter.ts')).scriptedAdapter);
    case 'gemini':
    case 'opencode':
    case 'acp':
      return fail({
        code: 'agent_kind_unavailable',
        kind: 'precondition',
        message: `Agents of the kind ${kind} cannot be run by this version yet.`,
        hint: 'Use claude, codex, or a command of your own (kind: command).',
      });
  }
}
