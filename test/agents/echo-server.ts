/** An MCP server on stdio with one tool, `echo`, which tells the value of an environment variable. `argv[2]`: milliseconds before it answers at all. */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly protocolVersion?: string; readonly arguments?: { readonly name?: string } };
}

const TOOL = { name: 'echo', description: 'Tells an environment variable.', inputSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } };

function answer({ method, params }: Message): unknown {
  if (method === 'initialize') return { protocolVersion: params?.protocolVersion ?? '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'echo', version: '1.0.0' } };
  if (method === 'tools/list') return { tools: [TOOL] };
  if (method === 'tools/call') return { content: [{ type: 'text', text: `it is ${process.env[params?.arguments?.name ?? ''] ?? 'not there'}` }] };
  return {};
}

await pause(Number(process.argv[2] ?? 0));
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as Message;
  if (message.id === undefined) continue;
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: answer(message) })}\n`);
}
