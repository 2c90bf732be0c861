import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { AgentRequest, AgentSpec } from '../../src/agents/contract.ts';
import { runAgent } from '../../src/agents/run-agent.ts';
import { agentRig } from './agent-rig.ts';

const AGENT = fileURLToPath(new URL('../rig/acp-agent.ts', import.meta.url));

async function acpRig() {
  const rig = await agentRig();
  const call = (prompt: string, agent: Partial<AgentSpec> = {}, more: Partial<AgentRequest> = {}) => {
    const plain = rig.request({ name: 'talker', kind: 'acp', command: [process.execPath, AGENT], ...agent });
    return runAgent({ ...plain, prompt: Buffer.from(prompt), ...more, variables: { ...plain.variables, ...more.variables } }, {}, new AbortController().signal, rig.ready);
  };
  return { ...rig, call };
}

test('a conversation becomes events: pieces are joined, tools are called and done, usage and final message are told', async () => {
  await using rig = await acpRig();
  const result = await rig.call('think about it\nsay I begin.\nwrite a.txt\nsay All is done.\nuse 120 7\n');
  expect(result).toMatchObject({ failure: null, exit_code: 0, final: 'All is done.', usage: { input_tokens: 120, output_tokens: 7, cost_usd: null }, said_done: true, left_behind: false });
  expect(existsSync(join(rig.path, 'a.txt'))).toBe(true);
  expect((await rig.events()).map(({ at: _at, ...event }) => event)).toEqual([
    { type: 'session_started', session_id: result.session_id },
    { type: 'thinking', text: 'about it' },
    { type: 'message', text: 'I begin.' },
    { type: 'tool_call', id: 'call_0', name: 'Write a.txt', input: { file: 'a.txt' } },
    { type: 'tool_result', id: 'call_0', is_error: false, text: 'written' },
    { type: 'message', text: 'All is done.' },
    { type: 'usage', input_tokens: 120, output_tokens: 7, cost_usd: null },
    { type: 'ended', reason: 'completed', final: 'All is done.' },
  ]);
});

test('a session goes on, with tools of ours for that call; what was said before is not told again', async () => {
  await using rig = await acpRig();
  const first = await rig.call('say The word is mellon.\n');
  const tools = { argv: ['/bin/true'] as [string], pass: ['ORCHESTRATOR_TOOL_TOKEN'] };
  const resume = { session_id: first.session_id ?? '', used: first.usage };
  const second = await rig.call('EARLIER\nenv ORCHESTRATOR_TOOL_TOKEN\n', {}, { resume, tools, variables: { ORCHESTRATOR_TOOL_TOKEN: '4711' } });
  expect(second.session_id).toBe(first.session_id);
  expect(second.final).toContain('The word is mellon.');
  expect(second.final).toContain('orchestrator: 4711');
  expect(await rig.log()).not.toContain('told before');
});

describe('what the agent asks for', () => {
  test.each([['auto', true], ['bypass', true], ['ask', false]] as const)('permissions %s: an edit %s', async (permissions, done) => {
    await using rig = await acpRig();
    expect((await rig.call('write a.txt\nsay Done.\n', { permissions })).failure).toBeNull();
    expect(existsSync(join(rig.path, 'a.txt'))).toBe(done);
    expect((await rig.events()).filter((event) => event.type === 'permission_requested')).toHaveLength(done ? 0 : 1);
  });
});

test('the model is set where the agent lets it be', async () => {
  await using rig = await acpRig();
  expect((await rig.call('model\n', { model: 'second', effort: 'high' })).final).toBe('second');
  expect(await rig.log()).toContain('no setting for thought_level');
});

describe('an agent that', () => {
  test.each([
    ['has an error of its server', 'fail 429', 'rate_limit'],
    ['wants a login', 'fail -32000', 'auth'],
    ['has an error without a class', 'fail -32603', 'crash'],
    ['refuses', 'stop refusal', 'refusal'],
    ['comes to the end of its context', 'stop max_tokens', 'context_overflow'],
    ['dies', 'die', 'crash', 'exited with 3'],
  ] as [string, string, string, string?][])('%s fails with that class', async (_name, words, expected, message = '') => {
    await using rig = await acpRig();
    const result = await rig.call(`say Well.\n${words}\n`);
    expect(result).toMatchObject({ failure: { code: 'agent_error', message: expect.stringContaining(message) }, error_class: expected });
    expect((await rig.events()).filter((event) => event.type === 'message')).toHaveLength(1);
  });

  test('prints what nobody knows goes on', async () => {
    await using rig = await acpRig();
    expect(await rig.call('garbage\nsay Still here.\n')).toMatchObject({ failure: null, final: 'Still here.' });
  });

  test('knows no such session says so', async () => {
    await using rig = await acpRig();
    const resume = { session_id: 'none', used: { input_tokens: 0, output_tokens: 0, cost_usd: null } };
    expect(await rig.call('say x\n', {}, { resume })).toMatchObject({ failure: { message: expect.stringContaining('No such session') }, error_class: 'protocol' });
  });

  test('is not there says so', async () => {
    await using rig = await acpRig();
    expect(await rig.call('x', { command: ['no-such-agent'] })).toMatchObject({ failure: { code: 'agent_error', message: expect.stringContaining('no-such-agent') } });
  });
});
