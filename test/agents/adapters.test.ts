import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createAgents } from '../../src/agents/agents.ts';
import type { AgentRequest, Permissions } from '../../src/agents/contract.ts';
import { agentRig } from '../process/agent-rig.ts';
import { createModelServer } from './model-server.ts';
import type { ModelServer, Reply } from './model-server.ts';
import { KINDS, fillHome, ourToolCall, realAgent, writeFileCall } from './real-agent.ts';
import type { RealKind } from './real-agent.ts';

const ECHO = fileURLToPath(new URL('echo-server.ts', import.meta.url));

/** A workspace, an empty home and an agent of the kind; each call has a script of the model's replies. */
async function world(kind: RealKind) {
  const rig = await agentRig();
  const home = join(rig.path, 'home');
  mkdirSync(home);
  fillHome(home);
  const agents = createAgents({ ahead: true });
  const call = async (script: (path: string) => readonly Reply[], permissions: Permissions, more: Partial<AgentRequest> = {}) => {
    await using server: ModelServer = await createModelServer(script(rig.path));
    const entry = realAgent(kind, server.url);
    const plain = rig.request({ ...entry, name: kind, permissions, env: { ...entry.env, HOME: home } } as AgentRequest['agent'], { turn_timeout_ms: 60_000 });
    // Codex works nowhere but in a git repository unless told so.
    const agent = kind === 'codex' ? { ...plain.agent, args: [...plain.agent.args, '--skip-git-repo-check'] } : plain.agent;
    agents.reset(rig.scratch);
    const result = await agents.run({ ...plain, agent, ...more, variables: { ...plain.variables, ...more.variables } }, {}, new AbortController().signal);
    return { result, asked: server.asked() };
  };
  return {
    ...rig,
    home,
    call,
    async [Symbol.asyncDispose]() {
      agents.close();
      await rig[Symbol.asyncDispose]();
    },
  };
}

// Its own sandbox does not work where its home is below /tmp.
const BYPASS = 'bypass';

describe.each(KINDS)('%s', (kind) => {
  test('edits a file by a tool of its own, and tells usage and final message', async () => {
    await using rig = await world(kind);
    const { result } = await rig.call((dir) => [
      { text: 'I write.', tool: writeFileCall(kind, join(dir, 'made.txt'), 'by hand'), usage: { input: 1000, output: 20 } },
      { text: 'All is done.', usage: { input: 1100, output: 5 } },
    ], kind === 'codex' ? BYPASS : 'auto');
    expect(result.failure).toBeNull();
    expect(readFileSync(join(rig.path, 'made.txt'), 'utf8')).toBe('by hand');
    expect(result).toMatchObject({ exit_code: 0, final: 'All is done.', usage: { input_tokens: 2100, output_tokens: 25 }, said_done: true });
    const events = await rig.events();
    expect(events.map((event) => event.type)).toEqual(expect.arrayContaining(['session_started', 'message', 'tool_call', 'tool_result', 'usage', 'ended']));
    expect(events.find((event) => event.type === 'tool_result')).toMatchObject({ is_error: false });
  });

  test('goes on with its session, and has the tools of ours for that call alone', async () => {
    await using rig = await world(kind);
    const first = await rig.call(() => [{ text: 'The word is mellon.', usage: { input: 1000, output: 10 } }], 'auto');
    const session = first.result.session_id ?? '';
    expect(session).not.toBe('');
    expect(JSON.stringify(first.asked[0]?.body)).not.toContain('orchestrator_echo');

    // A server that is slow to start.
    const tools = { argv: [process.execPath, ECHO, '2000'] as [string, ...string[]], pass: ['ORCHESTRATOR_TOOL_TOKEN'] };
    const second = await rig.call(() => [{ tool: ourToolCall(kind, 'echo', { name: 'ORCHESTRATOR_TOOL_TOKEN' }), usage: { input: 1000, output: 10 } }, { text: 'Friend.', usage: { input: 1000, output: 10 } }], 'auto', {
      resume: { session_id: session, used: first.result.usage },
      tools,
      variables: { ORCHESTRATOR_TOOL_TOKEN: 'kept-in-memory-4711' },
    });
    expect(second.result.failure).toBeNull();
    expect(second.result.session_id).toBe(session);
    expect(second.result.final).toBe('Friend.');
    expect(second.result.usage).toMatchObject({ input_tokens: 2000, output_tokens: 20 });
    // It knows what was said before, and what our tool answered.
    expect(JSON.stringify(second.asked[0]?.body)).toContain('The word is mellon.');
    expect(JSON.stringify(second.asked[1]?.body)).toContain('it is kept-in-memory-4711');
    expect(await rig.events()).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'tool_result', is_error: false })]));
    // The person's own settings are as they were.
    expect(readFileSync(join(rig.home, '.gemini/settings.json'), 'utf8')).not.toContain('orchestrator');
    for (const file of ['.claude.json', '.claude/settings.json', '.codex/config.toml', '.config/opencode/opencode.json']) {
      const path = join(rig.home, file);
      if (existsSync(path)) expect(readFileSync(path, 'utf8')).not.toContain('ORCHESTRATOR_TOOL_TOKEN');
    }
  });
});

/** What each does without our sandbox: a file is edited, a command that makes one is not run unless it was allowed. */
describe.each(['gemini', 'opencode', 'claude'] as const)('%s outside a sandbox', (kind) => {
  const shell = { claude: ['Bash', { command: 'mkfifo ran' }], gemini: ['run_shell_command', { command: 'mkfifo ran' }], opencode: ['bash', { command: 'mkfifo ran', description: 'x' }] } as const;
  const [name, input] = shell[kind];
  test.each([
    ['auto', undefined, true, false],
    ['auto', [name], true, true],
    ['ask', undefined, false, false],
    ['bypass', undefined, true, true],
  ] as const)('%s, allowed %s: edits %s, commands %s', async (permissions, allowed_tools, edits, runs) => {
    await using rig = await world(kind);
    await rig.call((dir) => [{ tool: { name, input } }, { tool: writeFileCall(kind, join(dir, 'made.txt'), 'x') }, { text: 'Done.' }], permissions, allowed_tools === undefined ? {} : { allowed_tools });
    expect({ edits: existsSync(join(rig.path, 'made.txt')), runs: existsSync(join(rig.path, 'ran')) }).toEqual({ edits, runs });
  });
});
