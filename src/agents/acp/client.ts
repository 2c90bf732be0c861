/**
 * A real agent program that leads a conversation in the Agent Client Protocol with another one: starts it, gives it the
 * prompt from stdin, answers what it asks, and prints the common event vocabulary, one JSON a line. Started as
 * `node client.ts <settings.json>` in the workspace.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { PROTOCOL_VERSION, RequestError, client, methods, ndJsonStream } from '@agentclientprotocol/sdk';
import type { ClientContext, McpServer, NewSessionResponse, RequestPermissionRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk';
import { z } from 'zod';
import { TOOL_SERVER } from '../adapter.ts';
import type { AgentEvent } from '../event.ts';
import { acpErrorClass } from './error-class.ts';
import { answerTo, isGranted, optionMeant } from './permission.ts';
import { AcpSettings } from './settings.ts';
import { readUpdates } from './updates.ts';

/** So long an agent has to end by itself once it has nothing more to do. Milliseconds. */
const END_MS = 2000;

const settings = AcpSettings.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const prompt = readFileSync(0, 'utf8');
const reader = readUpdates();
/** An earlier conversation is told again when it is gone on with. */
let prompted = false;

/** Whole, even where the pipe is full. */
function tell(event: AgentEvent): void {
  const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

const Answered = z.object({ answer: z.string().nullable() });

const tokens = z.number().int().nonnegative();

/** Where agents tell what a prompt used: the protocol's draft, and gemini. opencode tells the last step's only. */
const Used = z.union([
  z.looseObject({ usage: z.looseObject({ inputTokens: tokens, outputTokens: tokens }) }).transform(({ usage }) => ({ input_tokens: usage.inputTokens, output_tokens: usage.outputTokens })),
  z.looseObject({ _meta: z.looseObject({ quota: z.looseObject({ token_count: z.looseObject({ input_tokens: tokens, output_tokens: tokens }) }) }) }).transform(({ _meta }) => ({ input_tokens: _meta.quota.token_count.input_tokens, output_tokens: _meta.quota.token_count.output_tokens })),
]);

function mcpServers(): McpServer[] {
  const { tools } = settings;
  if (tools === undefined) return [];
  const env = tools.pass.flatMap((name) => (process.env[name] === undefined ? [] : [{ name, value: process.env[name] }]));
  return [{ name: TOOL_SERVER, command: tools.argv[0], args: tools.argv.slice(1), env }];
}

async function open(agent: ClientContext): Promise<Omit<NewSessionResponse, '_meta'>> {
  const place = { cwd: process.cwd(), mcpServers: mcpServers() };
  const sessionId = settings.session_id;
  if (sessionId === undefined) return await agent.request(methods.agent.session.new, place);
  return { ...(await agent.request(methods.agent.session.load, { ...place, sessionId })), sessionId };
}

async function converse(agent: ClientContext): Promise<number> {
  await agent.request(methods.agent.initialize, { protocolVersion: PROTOCOL_VERSION, clientCapabilities: {}, clientInfo: { name: 'orchestrator', version: '1' } });
  const opened = await open(agent);
  const { sessionId } = opened;
  tell({ type: 'session_started', session_id: sessionId, ...(settings.model === undefined ? {} : { model: settings.model }) });
  for (const [category, value] of [['model', settings.model], ['thought_level', settings.effort]] as const) {
    if (value === undefined) continue;
    const option = opened.configOptions?.find((each) => each.category === category);
    if (option === undefined) tell({ type: 'raw', stream: 'stderr', text: `[orchestrator: this agent has no setting for ${category}; give it in its arguments]` });
    else await agent.request(methods.agent.session.setConfigOption, { sessionId, configId: option.id, value });
  }
  prompted = true;
  const response = await agent.request(methods.agent.session.prompt, { sessionId, prompt: [{ type: 'text', text: prompt }] });
  for (const event of reader.end()) tell(event);
  const used = Used.safeParse(response);
  if (used.success) tell({ type: 'usage', ...used.data, cost_usd: null });
  const { stopReason } = response;
  const last = reader.final === undefined ? {} : { final: reader.final };
  if (stopReason === 'end_turn') {
    tell({ type: 'ended', reason: 'completed', ...last });
    return 0;
  }
  const kind = stopReason === 'refusal' ? 'refusal' : stopReason === 'max_tokens' ? 'context_overflow' : 'crash';
  tell({ type: 'error', class: kind, message: `The agent stopped: ${stopReason}` });
  tell({ type: 'ended', reason: 'failed', ...last });
  return 1;
}

const titleOf = ({ toolCall }: RequestPermissionRequest): string => toolCall.title ?? toolCall.kind ?? 'a tool';

/** Puts the agent's request to a person; null where nobody answered, or nothing that it can mean. */
async function askOperator(params: RequestPermissionRequest): Promise<RequestPermissionResponse | null> {
  if (settings.tools === undefined) return null;
  const { callMcpTool } = await import('../mcp-client.ts');
  const question = `May it do this? ${titleOf(params)}`;
  const options = params.options.map((option) => option.name);
  const { text, is_error } = await callMcpTool(settings.tools, process.env, 'ask_operator', { question, options });
  const said = is_error ? null : Answered.safeParse(JSON.parse(text));
  const words = said?.success === true ? said.data.answer : null;
  return words === null ? null : optionMeant(params, words);
}

const [program, ...args] = settings.argv;
const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const gone = new Promise<string>((resolve) => {
  child.once('error', (error) => resolve(`could not be started (${error.message})`));
  child.once('exit', (code, signal) => resolve(`exited with ${code ?? signal ?? 'nothing'}`));
});
// An agent that is gone cannot be written to; its end is told by the conversation.
child.stdin.on('error', () => undefined);

const app = client({ name: 'orchestrator' })
  .onRequest(methods.client.session.requestPermission, async ({ params }) => {
    const granted = isGranted(settings.freedom, params);
    if (granted) return answerTo(params, true);
    tell({ type: 'permission_requested', text: titleOf(params) });
    const answered = settings.freedom === 'asks' ? await askOperator(params) : null;
    return answered ?? answerTo(params, false);
  })
  .onNotification(methods.client.session.update, ({ params }) => {
    if (prompted) for (const event of reader.events(params.update)) tell(event);
  });

const stream = ndJsonStream(Writable.toWeb(child.stdin) as WritableStream<Uint8Array>, Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>);
try {
  process.exitCode = await app.connectWith(stream, converse);
} catch (error) {
  for (const event of reader.end()) tell(event);
  const how = error instanceof RequestError ? null : await Promise.race([gone, pause(END_MS).then(() => null)]);
  const message = how === null ? (error instanceof Error ? error.message : String(error)) : `The agent ${how} in the midst of the conversation`;
  tell({ type: 'error', class: error instanceof RequestError ? acpErrorClass(error.code) : 'crash', message });
  tell({ type: 'ended', reason: 'failed' });
  process.exitCode = 1;
}
child.stdin.end();
await Promise.race([gone, pause(END_MS)]);
child.kill('SIGKILL');
process.exit();
