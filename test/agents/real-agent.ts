import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentEntry } from '../../src/agents/contract.ts';
import type { ToolUse } from './protocols/protocol.ts';
import { BIN } from './tools.ts';

/** The agents that have a command line of their own here. */
export const KINDS = ['claude', 'codex', 'gemini', 'opencode'] as const;
export type RealKind = (typeof KINDS)[number];

/** An entry of `agents:` that talks to a server of ours, as a person would write it for a gateway of theirs. */
export function realAgent(kind: RealKind, url: string): AgentEntry & { readonly env: Readonly<Record<string, string>>; readonly args: readonly string[] } {
  const bin = join(BIN, kind);
  switch (kind) {
    case 'claude':
      return { kind, bin, args: [], env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'dummy', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', CLAUDE_CODE_MAX_RETRIES: '1' } };
    case 'codex': {
      const provider = `{name="local",base_url="${url}/v1",wire_api="responses",env_key="CODEX_API_KEY",request_max_retries=0,stream_max_retries=0}`;
      // Of a model that it does not know it takes plain tools.
      return { kind, bin, model: 'scripted', args: ['-c', 'model_provider=local', '-c', `model_providers.local=${provider}`], env: { CODEX_API_KEY: 'dummy' } };
    }
    case 'gemini':
      return { kind, bin, model: 'gemini-2.5-flash', args: [], env: { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: 'dummy' } };
    case 'opencode': {
      const provider = { npm: '@ai-sdk/openai-compatible', options: { baseURL: `${url}/v1`, apiKey: 'dummy' }, models: { scripted: {} } };
      const config = JSON.stringify({ model: 'local/scripted', provider: { local: provider } });
      return { kind, bin, args: [], env: { OPENCODE_CONFIG_CONTENT: config, OPENCODE_DISABLE_MODELS_FETCH: '1' } };
    }
  }
}

/** What a home has in it beside nothing, so that errors that are tried again do not take minutes. `login`: gemini's way of logging in. */
export function fillHome(home: string, login?: string): void {
  const security = login === undefined ? '' : `, "security": { "auth": { "selectedType": "${login}" } }`;
  mkdirSync(join(home, '.gemini'), { recursive: true });
  writeFileSync(join(home, '.gemini', 'settings.json'), `{\n  // A person may write comments here.\n  "general": { "maxAttempts": 1 }${security}\n}\n`);
}

/** The call by which an agent of a kind writes a file; `path` is absolute, as some of them want it. */
export function writeFileCall(kind: RealKind, path: string, content: string): ToolUse {
  switch (kind) {
    case 'claude':
      return { name: 'Write', input: { file_path: path, content } };
    case 'codex':
      return { name: 'exec_command', input: { cmd: `mkdir -p "$(dirname '${path}')" && printf %s '${content}' > '${path}'` } };
    case 'gemini':
      return { name: 'write_file', input: { file_path: path, content } };
    case 'opencode':
      return { name: 'write', input: { filePath: path, content } };
  }
}

/** The call of a tool of the MCP server that we gave the agent. */
export function ourToolCall(kind: RealKind, tool: string, input: Readonly<Record<string, unknown>>): ToolUse {
  const names = { claude: `mcp__orchestrator__${tool}`, codex: `mcp__orchestrator.${tool}`, gemini: `mcp_orchestrator_${tool}`, opencode: `orchestrator_${tool}` };
  return { name: names[kind], input };
}
