import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { committedState, createRig, processesOf } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

const golden = (name: string): string => fileURLToPath(new URL(`../golden/agents/${name}`, import.meta.url));

/** A rig with a stand-in for a real tool on PATH: it keeps its arguments and prompt, prints a transcript, and exits. */
async function withTool(tool: 'claude' | 'codex', transcript: string, exit = 0, after = ''): Promise<{ rig: Rig; env: Record<string, string> }> {
  const rig = await createRig();
  await mkdir(`${rig.root}/bin`);
  await copyFile(golden(`${tool}/${transcript}.jsonl`), `${rig.root}/bin/transcript`);
  await rig.script(`../bin/${tool}`, `for arg in "$@"; do echo "$arg"; done > "$HOME/args"\nenv > "$HOME/env"\ncat > "$HOME/prompt"\nmkdir -p plans; date +%N >> plans/p.md\ncat "${rig.root}/bin/transcript"\n${after}\nexit ${exit}\n`);
  return { rig, env: { PATH: `${rig.root}/bin:${rig.env['PATH']}` } };
}
const home = (rig: Rig, name: string): Promise<string> => readFile(`${rig.home}/${name}`, 'utf8');

describe('claude', () => {
  test('is started without a person beside it; usage, cost and session are on record', async () => {
    const { rig, env } = await withTool('claude', 'success');
    await using _ = rig;
    await rig.write('prompts/supervisor.md', '---\nmodel: opus\nallowed_tools: [Bash, Edit]\n---\nPlan, {{actor}}.\n');
    await rig.commit();
    const { code } = await rig.run(['run', '--once', '--agent', 'claude'], { env: { ...env, ANTHROPIC_API_KEY: 'sk-ant-dummy-0123456789', AWS_SECRET_ACCESS_KEY: 'not-for-agents' } });
    expect(code).toBe(0);
    expect((await home(rig, 'args')).trim().split('\n')).toEqual(['-p', '--output-format', 'stream-json', '--verbose', '--model', 'opus', '--mcp-config', expect.stringContaining('"orchestrator":{"command"'), '--allowedTools', 'Bash', 'Edit', 'mcp__orchestrator', '--permission-mode', 'acceptEdits']);
    expect(await home(rig, 'prompt')).toBe('Plan, galph.\n');
    expect(await home(rig, 'env')).toContain('ANTHROPIC_API_KEY=');
    expect(await home(rig, 'env')).not.toContain('AWS_SECRET_ACCESS_KEY');
    const [turn] = await rig.turns();
    expect(turn).toMatchObject({ agent: 'claude', usage: { input_tokens: 160, output_tokens: 57, cost_usd: 0.0123 }, session_id: '5d1c4c6e-0001-4000-8000-000000000001', outcome: 'ok' });
    expect(await rig.git('log', '-1', '--format=%(trailers:only,unfold)')).toContain('Orchestrator-Cost-USD: 0.0123');
    const events = (await rig.read(turn?.transcript ?? '')).trim().split('\n').map((line) => (JSON.parse(line) as { type: string }).type);
    expect(events).toEqual(['session_started', 'message', 'usage', 'usage', 'ended']);
  });

  test.each([
    ['rate-limit', 1, 'agent_error'],
    ['api-error', 1, 'agent_error'],
    ['no-result', 0, 'agent_protocol'],
    ['truncated', 0, 'agent_protocol'],
  ])('%s with exit %i is a failure', async (transcript, exit, code) => {
    const { rig, env } = await withTool('claude', transcript, exit);
    await using _ = rig;
    expect((await rig.run(['run', '--once', '--agent', 'claude'], { env })).code).toBe(1);
    expect(await committedState(rig)).toMatchObject({ status: 'failed', failure: { code } });
  });

  test('one that does not exit after its result is ended after the grace, and counts as done', async () => {
    const { rig, env } = await withTool('claude', 'success', 0, 'sleep 300');
    await using _ = rig;
    expect((await rig.run(['run', '--once', '--agent', 'claude'], { env: { ...env, ORCHESTRATOR_LIMITS_GRACE: '300ms' } })).code).toBe(0);
    expect(await processesOf(rig.root)).toEqual([]);
    expect((await rig.turns())[0]?.outcome).toBe('ok');
  });

  test('the cost ends the run once the budget is spent, with exit 8', async () => {
    const { rig, env } = await withTool('claude', 'success', 0, 'sleep 300');
    await using _ = rig;
    expect((await rig.run(['run', '--agent', 'claude', '--max-cost', '0.01'], { env })).code).toBe(8);
    expect(await committedState(rig)).toMatchObject({ status: 'failed', expected_actor: 'ralph', failure: { code: 'budget' } });
    // What its last report used up was spent on finished work: the turn counts.
    expect((await rig.turns()).map((turn) => turn.outcome)).toEqual(['ok']);
  });

  test('is what auto takes; without any agent the run refuses with exit 5', async () => {
    const { rig, env } = await withTool('claude', 'success');
    await using _ = rig;
    await rig.write('orchestration.yaml', 'sandbox: off\n');
    await rig.commit();
    expect((await rig.run(['run', '--once'], { env })).code).toBe(0);
    const nothing = { PATH: '/usr/bin:/bin' };
    const { code, document } = await rig.json(['run', '--once'], { env: nothing });
    expect(code).toBe(5);
    expect(document.error).toMatchObject({ code: 'agent_not_found', hint: expect.stringContaining('orchestrator demo') });
  });
});

test('codex is started with a sandbox of its own, the prompt on stdin', async () => {
  const { rig, env } = await withTool('codex', 'success');
  await using _ = rig;
  expect((await rig.run(['run', '--once', '--agent-role', 'galph=codex'], { env })).code).toBe(0);
  expect((await home(rig, 'args')).trim().split('\n')).toEqual(['exec', '--json', ...Array.from({ length: 7 }, () => ['-c', expect.stringContaining('mcp_servers.orchestrator.')]).flat(), '--sandbox', 'workspace-write', '-']);
  expect((await rig.turns())[0]).toMatchObject({ agent: 'codex', usage: { input_tokens: 2100, output_tokens: 88, cost_usd: null }, session_id: '019a0000-0000-7000-8000-000000000001' });
});

test('two agents share the work: claude plans, codex builds', async () => {
  const { rig, env } = await withTool('claude', 'success');
  await using _ = rig;
  await copyFile(golden('codex/success.jsonl'), `${rig.root}/bin/codex-transcript`);
  await rig.script('../bin/codex', `cat > /dev/null\necho x >> built.txt\ncat "${rig.root}/bin/codex-transcript"\n`);
  expect((await rig.run(['run', '--iterations', '1', '--agent-role', 'galph=claude,ralph=codex'], { env })).code).toBe(0);
  expect((await rig.turns()).map((turn) => turn.agent)).toEqual(['claude', 'codex']);
});

describe('logs', () => {
  test('UTF-8 is whole across chunk edges', async () => {
    await using rig = await createRig({ agent: `cat > /dev/null\nmkdir -p plans; echo x > plans/p.md\nprintf 'a\\303'; sleep 0.1; printf '\\274b \\360\\237'; sleep 0.1; printf '\\230\\200\\n'\n` });
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect(await rig.read((await rig.turns())[0]?.log ?? '')).toContain('aüb 😀\n');
  });

  test('secrets are hidden, in two chunks too, in log and transcript and on the terminal', async () => {
    const token = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
    await using rig = await createRig({ agent: `cat > /dev/null\nmkdir -p plans; echo x > plans/p.md\nprintf 'token ${token.slice(0, 12)}'; sleep 0.1; printf '${token.slice(12)} end\\n'; echo "$ANTHROPIC_API_KEY" >&2\n`, config: 'sandbox: { pass_env: [ANTHROPIC_API_KEY] }\n' });
    const { stdout, stderr } = await rig.run(['run', '--once', '--json'], { env: { ANTHROPIC_API_KEY: 'just-any-secret-value' } });
    const [turn] = await rig.turns();
    const all = stdout + stderr + (await rig.read(turn?.log ?? '')) + (await rig.read(turn?.transcript ?? ''));
    expect(all).toContain('[redacted:');
    expect(all).not.toContain(token);
    expect(all).not.toContain('just-any-secret-value');
  });

  test('output is capped with a marker, and the agent goes on', async () => {
    await using rig = await createRig({ agent: 'cat > /dev/null\nyes line | head -n 5000\nmkdir -p plans; echo x > plans/p.md\n', config: 'limits: { max_log_bytes: 2000 }\n' });
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    const log = await rig.read((await rig.turns())[0]?.log ?? '');
    expect(log.length).toBeLessThan(2600);
    expect(log).toContain('the rest of the output is left out');
  });

  test('a branch with a slash has its folder; two turns in one second have two logs', async () => {
    await using rig = await createRig({ agent: 'cat > /dev/null\nexit 1\n' });
    await rig.git('switch', '-q', '-c', 'feature/x');
    for (let n = 0; n < 2; n++) await rig.run(['run', '--once']);
    const logs = (await rig.turns()).map((turn) => turn.log ?? '');
    expect(new Set(logs).size).toBe(2);
    for (const log of logs) expect(log).toMatch(/^logs\/feature-x\/galph\//);
  });
});

test('a grandchild that holds the output does not delay the turn beyond the grace, and is ended', async () => {
  await using rig = await createRig({ agent: 'cat > /dev/null\nmkdir -p plans; echo x > plans/p.md\nsleep 300 &\n', config: 'limits: { grace: 300ms }\n' });
  expect((await rig.run(['run', '--once'])).code).toBe(0);
  expect(await processesOf(rig.root)).toEqual([]);
});

describe('scripted', () => {
  const scripted = async (script: string): Promise<Rig> => {
    const rig = await createRig();
    await rig.write('script.yaml', script);
    await rig.write('orchestration.yaml', 'agent: { default: scripted }\nsandbox: off\n');
    await rig.commit();
    return rig;
  };

  test('plays its steps for real, by actor, prompt, iteration and attempt', async () => {
    await using rig = await scripted(`turns:
  - when: { actor: galph, iteration: 1 }
    steps:
      - say: planning
      - write: { path: plans/a.md, content: "plan of {{actor}}\\n" }
      - usage: { input_tokens: 5, output_tokens: 2, cost_usd: 0.5 }
  - when: { actor: ralph }
    steps:
      - run: [sh, -c, "echo built > built.txt"]
      - replace: { path: plans/a.md, find: plan, with: done }
      - outcome: { outcome: complete, summary: all }
`);
    expect((await rig.run(['run', '--iterations', '3'])).code).toBe(0);
    expect(await rig.git('show', 'HEAD:plans/a.md')).toBe('done of galph');
    expect(await rig.git('show', 'HEAD:built.txt')).toBe('built');
    expect((await rig.turns()).map((turn) => [turn.outcome, turn.usage.cost_usd])).toEqual([['ok', 0.5], ['complete', null]]);
  });

  test.each([
    ['turns: []', 'has no entry for galph'],
    ['turns: [{ steps: [{ jump: 1 }] }]', 'cannot be played'],
    ['turns: [{ steps: [{ write: { path: ../x, content: x } }] }]', 'outside the workspace'],
    ['turns: [{ steps: [{ run: { argv: ["false"], exit: 0 } }] }]', 'exited with 1'],
    ['turns: [{ steps: [{ exit: 3 }] }]', 'exit'],
  ])('%j fails with the reason', async (script, words) => {
    await using rig = await scripted(script);
    const { code, document } = await rig.json(['run', '--once']);
    expect(code).toBe(1);
    expect(document.error.message).toContain(words);
  });
});

test('the demo gets failing tests to pass in turns', async () => {
  await using rig = await createRig({ bare: true });
  const { code, document } = await rig.json<{ before: { failed: number }; after: { passed: number; failed: number }; history: string[]; kept: boolean; workspace: string }>(['demo']);
  expect(code).toBe(0);
  expect(document.data).toMatchObject({ before: { passed: 1, failed: 3 }, after: { passed: 5, failed: 0 }, kept: false });
  expect(document.data.history.length).toBeGreaterThan(8);
  expect(rig.exists(document.data.workspace)).toBe(false);
});
