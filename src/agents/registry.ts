import { ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import type { AgentAdapter } from './adapter.ts';
import type { AgentKind } from './contract.ts';

/** The adapter of a kind, loaded when it is first asked for. */
export async function adapterOf(kind: AgentKind): Promise<Result<AgentAdapter>> {
  switch (kind) {
    case 'claude':
      return ok((await import('./claude/claude-adapter.ts')).claudeAdapter);
    case 'codex':
      return ok((await import('./codex/codex-adapter.ts')).codexAdapter);
    case 'gemini':
      return ok((await import('./gemini/gemini-adapter.ts')).geminiAdapter);
    case 'opencode':
      return ok((await import('./opencode/opencode-adapter.ts')).opencodeAdapter);
    case 'command':
      return ok((await import('./command/command-adapter.ts')).commandAdapter);
    case 'scripted':
      return ok((await import('./scripted/scripted-adapter.ts')).scriptedAdapter);
    case 'acp':
      return ok((await import('./acp/acp-adapter.ts')).acpAdapter);
  }
}
