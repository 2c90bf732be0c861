/**
 * An agent that speaks the Agent Client Protocol and does what its prompt says, a word a line: `say X`, `think X`,
 * `write FILE` (after asking), `env NAME` (of the MCP server it was given), `use IN OUT`, `fail CODE`, `stop REASON`,
 * `garbage`, `die`. It remembers the prompts of a session in a file beside the workspace's other files.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly sessionId?: string; readonly prompt?: { text: string }[]; readonly mcpServers?: { name: string; env: { name: string; value: string }[] }[]; readonly value?: string };
  readonly result?: { readonly outcome: { readonly outcome: string; readonly optionId?: string } };
}

const send = (message: object): void => void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const asked = new Map<number, (message: Message) => void>();
let ids = 0;
let servers: NonNullable<Message['params']>['mcpServers'] = [];
let model = 'first';

const update = (sessionId: string, fields: object): void => send({ method: 'session/update', params: { sessionId, update: fields } });
const text = (words: string) => ({ content: { type: 'text', text: words } });
const memory = (sessionId: string): string => `${sessionId}.memory`;

async function write(sessionId: string, file: string): Promise<void> {
  const toolCall = { toolCallId: `call_${ids}`, title: `Write ${file}`, kind: 'edit', status: 'pending', rawInput: { file } };
  update(sessionId, { sessionUpdate: 'tool_call', ...toolCall });
  ids += 1;
  const id = ids;
  const options = ['allow_always', 'allow_once', 'reject_once'].map((kind) => ({ optionId: kind, name: kind, kind }));
  const answer = new Promise<Message>((resolve) => asked.set(id, resolve));
  send({ id, method: 'session/request_permission', params: { sessionId, toolCall, options } });
  const allowed = (await answer).result?.outcome.optionId === 'allow_once';
  if (allowed) writeFileSync(file, 'x');
  update(sessionId, { sessionUpdate: 'tool_call_update', toolCallId: toolCall.toolCallId, status: allowed ? 'completed' : 'failed', ...(allowed ? { content: [{ type: 'content', ...text('written') }] } : {}) });
}

async function play(id: number, sessionId: string, prompt: string): Promise<void> {
  appendFileSync(memory(sessionId), prompt);
  let usage = {};
  for (const line of prompt.trim().split('\n')) {
    const [word, ...rest] = line.split(' ');
    const words = rest.join(' ');
    if (word === 'say') for (const half of [words.slice(0, 3), words.slice(3)]) update(sessionId, { sessionUpdate: 'agent_message_chunk', ...text(half) });
    else if (word === 'think') update(sessionId, { sessionUpdate: 'agent_thought_chunk', ...text(words) });
    else if (word === 'write') await write(sessionId, words);
    else if (word === 'env') update(sessionId, { sessionUpdate: 'agent_message_chunk', ...text(`${servers?.[0]?.name}: ${servers?.[0]?.env.find(({ name }) => name === words)?.value}`) });
    else if (word === 'model') update(sessionId, { sessionUpdate: 'agent_message_chunk', ...text(model) });
    else if (word === 'use') usage = { usage: { inputTokens: Number(rest[0]), outputTokens: Number(rest[1]), totalTokens: 0 } };
    else if (word === 'garbage') process.stdout.write('no JSON at all\n{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"from_the_future"}}}\n');
    else if (word === 'die') process.exit(3);
    else if (word === 'fail') return send({ id, error: { code: Number(words), message: 'It failed' } });
    else if (word === 'stop') return send({ id, result: { stopReason: words } });
  }
  send({ id, result: { stopReason: 'end_turn', ...usage } });
}

async function answer({ id = 0, method, params = {} }: Message): Promise<void> {
  const { sessionId = `session-${process.pid}-aaaaaaaaaaaaaaaaaaaa` } = params;
  const configOptions = [{ id: 'which', name: 'Model', category: 'model', type: 'select', currentValue: model, options: [{ value: 'first', name: '1' }, { value: 'second', name: '2' }] }];
  if (method === 'initialize') send({ id, result: { protocolVersion: 1, agentCapabilities: { loadSession: true } } });
  else if (method === 'session/new') {
    servers = params.mcpServers;
    send({ id, result: { sessionId, configOptions } });
  } else if (method === 'session/load') {
    if (!existsSync(memory(sessionId))) return send({ id, error: { code: -32602, message: 'No such session' } });
    servers = params.mcpServers;
    update(sessionId, { sessionUpdate: 'agent_message_chunk', ...text('told before') });
    send({ id, result: { configOptions } });
  } else if (method === 'session/set_config_option') {
    model = params.value ?? model;
    send({ id, result: { configOptions } });
  } else if (method === 'session/prompt') {
    const earlier = existsSync(memory(sessionId)) ? readFileSync(memory(sessionId), 'utf8') : '';
    const prompt = params.prompt?.[0]?.text ?? '';
    await play(id, sessionId, prompt.replace('EARLIER', earlier.trim().split('\n').at(-1) ?? ''));
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as Message;
  if (message.method === undefined) asked.get(message.id ?? -1)?.(message);
  else void answer(message);
}
