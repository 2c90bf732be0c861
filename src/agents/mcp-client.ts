import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { TOOL_PATIENCE_MS } from './adapter.ts';
import type { ToolServer } from './contract.ts';

/** Calls one tool of the server that the agent was given, as a real agent would: over the protocol, on a pipe. */
export async function callMcpTool({ argv, pass }: ToolServer, environment: Readonly<Record<string, string | undefined>>, tool: string, input: Record<string, unknown>): Promise<{ text: string; is_error: boolean }> {
  const [command, ...args] = argv;
  const env = Object.fromEntries([...pass, 'PATH', 'HOME'].flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
  const client = new Client({ name: 'orchestrator-agent', version: '1' });
  await client.connect(new StdioClientTransport({ command, args, env, stderr: 'inherit' }));
  try {
    const result = await client.callTool({ name: tool, arguments: input }, undefined, { timeout: TOOL_PATIENCE_MS, resetTimeoutOnProgress: true });
    const content = Array.isArray(result.content) ? (result.content as { type: string; text?: string }[]) : [];
    return { text: content.map((part) => part.text ?? '').join(''), is_error: result.isError === true };
  } finally {
    await client.close();
  }
}
