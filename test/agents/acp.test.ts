import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { AgentRequest, AgentSpec } from '../../src/agents/contract.ts';
import { runAgent } from '../../src/agents/run-agent.ts';
import { agentRig } from '../process/agent-rig.ts';
import { createModelServer } from './model-server.ts';
import type { Reply } from './model-server.ts';
import { fillHome, ourToolCall, realAgent, writeFileCall } from './real-agent.ts';
import { BIN } from './tools.ts';

const ECHO = fileURLToPath(new URL('echo-server.ts', import.meta.url));

const COMMANDS = {
  gemini: [join(BIN, 'gemini'), '--acp', '--skip-trust', '--model', 'gemini-2.5-flash'],
  opencode: [join(BIN, 'opencode'), 'acp'],
} as const;

describe.each(['gemini', 'opencode'] as const)('%s by the Agent Client Protocol', (kind) => {
  async function world() {
    const rig = await agentRig();
    const home = join(rig.path, 'home');
    mkdirSync(home);
    fillHome(home, 'gemini-api-key');
    const call = async (script: readonly Reply[], more: Partial<AgentRequest> = {}) => {
      await using server = await createModelServer(script);
      const env = { ...realAgent(kind, server.url).env, HOME: home, GEMINI_CLI_NO_RELAUNCH: 'true' };
      const agent: Partial<AgentSpec> = { name: kind, kind: 'acp', command: COMMANDS[kind], env, permissions: 'bypass' };
      const plain = rig.request(agent, { turn_timeout_ms: 60_000 });
      const result = await runAgent({ ...plain, ...more, variables: { ...plain.variables, ...more.variables } }, {}, new AbortController().signal, rig.ready);
      return { result, asked: server.asked() };
    };
    return { ...rig, call };
  }

  test('edits a file, uses a tool of ours, tells its final message', async () => {
    await using rig = await world();
    const tools = { argv: [process.execPath, ECHO] as [string, string], pass: ['ORCHESTRATOR_TOOL_TOKEN'] };
    const { result, asked } = await rig.call(
      [{ text: 'I write.', tool: writeFileCall(kind, join(rig.path, 'made.txt'), 'x') }, { tool: ourToolCall(kind, 'echo', { name: 'ORCHESTRATOR_TOOL_TOKEN' }) }, { text: 'All is done.' }],
      { tools, variables: { ORCHESTRATOR_TOOL_TOKEN: 'kept-in-memory-4711' } },
    );
    expect(result).toMatchObject({ failure: null, final: 'All is done.', said_done: true });
    expect(result.usage.input_tokens).toBeGreaterThan(0);
    expect(existsSync(join(rig.path, 'made.txt'))).toBe(true);
    expect(JSON.stringify(asked[2]?.body)).toContain('it is kept-in-memory-4711');
    expect((await rig.events()).filter((event) => event.type === 'tool_result')).toEqual([expect.objectContaining({ is_error: false }), expect.objectContaining({ is_error: false })]);
  });

  test('an error of its server fails the call', async () => {
    await using rig = await world();
    const { result } = await rig.call([{ status: 401, body: { error: { code: 401, status: 'UNAUTHENTICATED', message: 'The key is not valid' } } }]);
    // Only gemini tells the status.
    expect(result).toMatchObject({ failure: { code: 'agent_error' }, error_class: kind === 'gemini' ? 'auth' : 'crash' });
  });
});

test('opencode goes on with its session by the Agent Client Protocol', async () => {
  await using rig = await agentRig();
  const home = join(rig.path, 'home');
  mkdirSync(home);
  const call = async (script: readonly Reply[], resume?: AgentRequest['resume']) => {
    await using server = await createModelServer(script);
    const env = { ...realAgent('opencode', server.url).env, HOME: home };
    const plain = rig.request({ name: 'opencode', kind: 'acp', command: COMMANDS.opencode, env }, { turn_timeout_ms: 60_000 });
    const result = await runAgent({ ...plain, ...(resume === undefined ? {} : { resume }) }, {}, new AbortController().signal, rig.ready);
    return { result, asked: server.asked() };
  };
  const first = await call([{ text: 'The word is mellon.' }]);
  const second = await call([{ text: 'Friend.' }], { session_id: first.result.session_id ?? '', used: first.result.usage });
  expect(second.result).toMatchObject({ failure: null, session_id: first.result.session_id, final: 'Friend.' });
  expect(JSON.stringify(second.asked[0]?.body)).toContain('The word is mellon.');
});
