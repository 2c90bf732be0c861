import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { createRig } from '../rig/rig.ts';

const COMMANDS = [
  '', 'init', 'doctor', 'demo', 'run', 'status', 'next', 'log', 'why', 'stop', 'handoff', 'state', 'state show', 'state restore', 'rescue', 'rescue list', 'rescue show', 'rescue apply', 'rescue drop',
  'daemon', 'daemon start', 'daemon stop', 'daemon status', 'daemon url', 'config', 'config show', 'config check', 'config schema', 'completion', 'attention', 'answer', 'mcp', 'inject', 'ps', 'queue', 'unit', 'unit show', 'unit cancel', 'unit retry', 'unit block', 'unit unblock', 'unit prioritize', 'conflicts', 'resolve', 'analyze', 'tail', 'worktree', 'worktree list', 'worktree prune', 'skills', 'skills install', 'ops', 'ops list', 'ops show', 'ops call', 'ops graph',
];

const recorded = (command: string): string => `../golden/help/${command === '' ? 'orchestrator' : command.replace(' ', '-')}.txt`;
const wordsOf = (command: string): string[] => command.split(' ').filter((word) => word !== '');

test.each(COMMANDS)('help of "%s" is as recorded', async (command) => {
  const found = wordsOf(command).reduce((at, word) => at.commands.find((each) => each.name() === word) ?? at, buildProgram());
  await expect(found.helpInformation()).toMatchFileSnapshot(recorded(command));
});

test.each(['', 'run', 'state show'])('help of "%s" is what the program prints', async (command) => {
  await using rig = await createRig({ bare: true });
  const { code, stdout, stderr } = await rig.run([...wordsOf(command), '--help']);
  expect([code, stderr]).toEqual([0, '']);
  await expect(stdout).toMatchFileSnapshot(recorded(command));
});

test('every recorded help belongs to a command', async () => {
  const names = (await readdir(new URL('../golden/help/', import.meta.url))).toSorted();
  expect(names).toEqual(COMMANDS.map((command) => `${command === '' ? 'orchestrator' : command.replace(' ', '-')}.txt`).toSorted());
});

describe('usage errors', () => {
  test.each([
    [['runn'], 'Did you mean run?'],
    [['run', '--iteratons', '3'], 'Did you mean --iterations?'],
    [['run', '--iterations', '-1'], 'whole number'],
    [['run', '--iterations', '1.5'], 'whole number'],
    [['run', '--mode', 'both'], 'Allowed choices'],
    [['run', '--mode', 'role'], 'needs a --role'],
    [['run', '--agent-role', 'galph'], 'name=agent'],
    [['run', '--turn-timeout', '5'], 'unit'],
    [['run', '--review-every', 'x'], 'whole number'],
    [['run', '--router-mode', 'sometimes'], 'router.mode'],
    [['run', 'extra'], 'too many arguments'],
    [['handoff', 'bob', 'ok'], 'Allowed choices'],
    [['why'], 'missing required argument'],
    [['ops', 'call', 'loop.status.show', '--input', '{'], 'not valid JSON'],
    [['ops', 'call', 'loop.status.shw'], 'Did you mean "loop.status.show"?'],
  ] as const)('%j: exit 2, on stderr, and in one JSON document with --json', async (args, words) => {
    await using rig = await createRig();
    const plain = await rig.run(args);
    expect(plain.code).toBe(2);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toContain(words);
    const { code, document } = await rig.json(args);
    expect(code).toBe(2);
    expect(document).toMatchObject({ ok: false, error: { code: expect.any(String), kind: expect.stringMatching(/^(invalid|unknown)$/), message: expect.stringContaining(words) } });
  });
});

describe('where a command works', () => {
  test('-C, a folder below, --config, and none at all', async () => {
    await using rig = await createRig();
    await rig.write('deep/er/x.txt', 'x');
    const workspace = async (args: string[], cwd?: string) => (await rig.json<{ workspace: string }>(['status', ...args], cwd === undefined ? {} : { cwd })).document.data.workspace;
    expect(await workspace(['-C', rig.dir], rig.root)).toBe(rig.dir);
    expect(await workspace([], rig.path('deep/er'))).toBe(rig.dir);
    expect(await workspace(['--config', rig.path('orchestration.yaml')], rig.path('deep'))).toBe(rig.dir);
    const outside = await rig.json(['status'], { cwd: rig.root });
    expect(outside.code).toBe(5);
    expect(outside.document.error.code).toBe('not_a_repository');
    const nowhere = await rig.json(['status', '-C', '/nowhere']);
    expect(nowhere.code).toBe(3);
  });

  test('a bad configuration is refused by every command that needs it, with file and line', async () => {
    await using rig = await createRig();
    await rig.write('orchestration.yaml', 'agent: { default: stub }\nroutr:\n  enabled: true\nlimits:\n  turn_timeout: soon\n');
    for (const command of ['run', 'status', 'next', 'log', 'stop']) {
      const { code, document } = await rig.json([command]);
      expect(code).toBe(2);
      expect(document.error).toMatchObject({ code: 'config_invalid' });
      expect(document.error.message).toContain('orchestration.yaml:2');
    }
    expect(rig.exists('.git/orchestrator')).toBe(false);
  });

  test('the environment is a layer, flags are above it, and config show says so', async () => {
    await using rig = await createRig();
    const env = { ORCHESTRATOR_ROUTER_ENABLED: 'true', ORCHESTRATOR_ROUTER_REVIEW_EVERY_N: '1' };
    expect((await rig.json(['next'], { env })).document.data).toMatchObject({ selected_prompt: 'reviewer.md' });
    expect((await rig.json(['next', '--review-every', '0'], { env })).document.data).toMatchObject({ selected_prompt: 'supervisor.md' });
    const shown = (await rig.json<{ provenance: Record<string, unknown> }>(['config', 'show'], { env })).document.data.provenance;
    expect(shown['router.enabled']).toEqual({ layer: 'environment', where: 'ORCHESTRATOR_ROUTER_ENABLED' });
    expect(shown['agent.default']).toEqual({ layer: 'file', where: 'orchestration.yaml:1' });
    expect(shown['logs_dir']).toEqual({ layer: 'default' });
  });
});

describe('init', () => {
  test('makes a workspace, commits exactly what it made, never overwrites', async () => {
    await using rig = await createRig({ bare: true });
    await rig.write('mine.txt', 'mine\n');
    await rig.write('prompts/main.md', 'my own\n');
    const { code, document } = await rig.json<{ created: string[]; kept: string[]; commit: string }>(['init', '--agent', 'claude']);
    expect(code).toBe(0);
    expect(document.data.created.toSorted()).toEqual(['.gitignore', 'orchestration.yaml', 'prompts/reviewer.md', 'prompts/supervisor.md', 'sync/state.json']);
    expect(document.data.kept).toEqual(['prompts/main.md']);
    expect((await rig.git('show', '--format=', '--name-only', 'HEAD')).split('\n')).toEqual(document.data.created.toSorted());
    expect(await rig.git('ls-files', '--others', '--exclude-standard')).toBe('mine.txt\nprompts/main.md');
    expect((await rig.read('orchestration.yaml')).split('\n')[0]).toMatch(/^# yaml-language-server: \$schema=/);
    expect(await rig.read('orchestration.yaml')).toContain('default: claude');
    expect(await rig.read('prompts/main.md')).toBe('my own\n');
    const again = await rig.json<{ created: string[]; commit: string | null }>(['init']);
    expect(again.document.data).toMatchObject({ created: [], commit: null });
    expect((await rig.json(['config', 'check'])).code).toBe(0);
  });

  test('adds its lines to a .gitignore, and leaves one with changes of the person uncommitted', async () => {
    await using rig = await createRig({ bare: true });
    await rig.write('.gitignore', 'node_modules');
    await rig.commit();
    await rig.write('.gitignore', 'node_modules\nmine\n');
    const { document } = await rig.json<{ warnings: string[] }>(['init']);
    expect(await rig.read('.gitignore')).toBe('node_modules\nmine\n/logs/\n/tmp/\n/.orchestrator/\n');
    expect(document.data.warnings[0]).toContain('.gitignore had uncommitted changes of yours');
    expect(await rig.git('show', 'HEAD:.gitignore')).toBe('node_modules');
  });

  test('--no-commit commits nothing; without a repository it says what to do, --yes makes one', async () => {
    await using rig = await createRig({ bare: true });
    expect((await rig.json(['init', '--no-commit'])).document.data).toMatchObject({ commit: null });
    const elsewhere = { cwd: rig.home };
    expect((await rig.json(['init'], elsewhere)).code).toBe(5);
    expect((await rig.json(['init', '--yes'], elsewhere)).document.data).toMatchObject({ repository_made: true, workspace: rig.home });
  });

  test('an unknown agent is refused before anything is written', async () => {
    await using rig = await createRig({ bare: true });
    expect((await rig.json(['init', '--agent', 'cluade'])).document.error.message).toContain('Did you mean "claude"?');
    expect(rig.exists('orchestration.yaml')).toBe(false);
  });
});

test('doctor tells what is missing, and what can be mended it mends', async () => {
  await using rig = await createRig();
  await rig.run(['run', '--once'], { env: { ORCHESTRATOR_CRASH_AT: 'agent-running' } });
  const sick = await rig.json<{ checks: { name: string; status: string }[] }>(['doctor']);
  expect(sick.code).toBe(0);
  const status = (from: typeof sick, name: string) => from.document.data.checks.find((check) => check.name === name)?.status;
  expect([status(sick, 'git'), status(sick, 'state'), status(sick, 'agent of ralph'), status(sick, 'lock'), status(sick, 'journal')]).toEqual(['ok', 'ok', 'ok', 'warning', 'warning']);
  expect(status(await rig.json(['doctor', '--fix']), 'lock')).toBe('fixed');
  await rig.run(['run', '--once']);
  await rig.write('sync/state.json', '{');
  const broken = await rig.json(['doctor']);
  expect(broken.code).toBe(5);
  expect(broken.document.error).toMatchObject({ code: 'unhealthy', details: { checks: expect.any(Array) } });
});

describe('looking back', () => {
  test('log filters and follows; why tells the chain', async () => {
    await using rig = await createRig();
    expect((await rig.run(['run', '--iterations', '2'])).code).toBe(0);
    expect((await rig.json<{ turns: unknown[] }>(['log', '--actor', 'ralph', '--iteration', '2'])).document.data.turns).toHaveLength(1);
    const [, second] = await rig.turns();
    const { document } = await rig.json<{ turn: { id: string }; chain: { what: string; because: string }[] }>(['why', second?.id ?? '']);
    expect(document.data.turn.id).toBe(second?.id);
    expect(document.data.chain.map((link) => link.what)).toEqual(['before', 'routed', 'agent', 'changes', 'outcome', 'after']);
    expect((await rig.json(['why', 'nothing'])).code).toBe(3);
    expect((await rig.json(['why', 'turn_'])).document.error.code).toBe('turn_ambiguous');
    expect((await rig.run(['why', 'last'])).stdout).toContain('main.md was chosen (deterministic)');
  });

  test('a record cut in half by a crash costs that record only', async () => {
    await using rig = await createRig();
    await rig.run(['run', '--once']);
    const { appendFile } = await import('node:fs/promises');
    await appendFile(rig.path('logs/main/turns.jsonl'), '{"id": "turn_half');
    await rig.run(['run', '--once']);
    expect((await rig.turns()).map((turn) => turn.actor)).toEqual(['galph', 'ralph']);
  });

  test('run --json prints events, the last one run.finished with the result', async () => {
    await using rig = await createRig();
    const { stdout, code } = await rig.run(['run', '--iterations', '1', '--json']);
    const events = stdout.trim().split('\n').map((line) => JSON.parse(line) as { type: string; ok?: boolean; data?: unknown });
    expect(code).toBe(0);
    expect(events.filter((event) => event.type === 'turn.finished')).toHaveLength(2);
    expect(events[0]?.type).toBe('run.started');
    expect(events.at(-1)).toMatchObject({ type: 'run.finished', ok: true, data: { turns: 2, iterations: 1, ended: 'iterations' } });
  });
});

describe('handoff', () => {
  test('stamps as a turn would, without an agent', async () => {
    await using rig = await createRig();
    expect((await rig.json(['handoff', 'ralph', 'ok'])).code).toBe(4);
    expect((await rig.json(['handoff', 'galph', 'ok'])).document.data).toMatchObject({ state: { expected_actor: 'ralph', status: 'waiting-ralph' }, pushed: false });
    expect((await rig.json(['handoff', 'ralph', 'fail'])).document.data).toMatchObject({ state: { expected_actor: 'ralph', status: 'failed' } });
    expect((await rig.json(['handoff', 'ralph', 'ok'])).document.data).toMatchObject({ state: { expected_actor: 'galph', iteration: 2, failure: null } });
    expect(await rig.turns()).toHaveLength(3);
  });
});

test('completion scripts name every command', async () => {
  await using rig = await createRig({ bare: true });
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await rig.run(['completion', shell]);
    expect(code).toBe(0);
    for (const word of ['handoff', 'restore', 'iterations']) expect(stdout).toContain(word);
  }
});

test('bash completes commands, options, and the values that an option may have', async () => {
  await using rig = await createRig({ bare: true });
  const { stdout: script } = await rig.run(['completion', 'bash']);
  const complete = (...words: string[]): string =>
    execFileSync('bash', ['-c', `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _orchestrator; echo "\${COMPREPLY[*]}"`, 'bash', 'orchestrator', ...words], { encoding: 'utf8' }).trim();
  expect(complete('hand')).toBe('handoff');
  expect(complete('run', '--iter')).toBe('--iterations');
  expect(complete('run', '--mode', '')).toBe('combined role');
  expect(complete('run', '--role', 'g')).toBe('galph');
});

test('ops list, show and graph describe every operation', async () => {
  await using rig = await createRig({ bare: true });
  const { operations } = (await rig.json<{ operations: { name: string; summary: string; cross_domain_deps: string[] }[] }>(['ops', 'list'])).document.data;
  expect(operations.map((operation) => operation.name)).toEqual(operations.map((operation) => operation.name).toSorted());
  for (const operation of operations) expect(operation).toEqual({ name: expect.stringMatching(/^\w+\.\w+\.\w+$/), summary: expect.any(String), transaction: 'none', cross_domain_deps: expect.any(Array), surfaces: expect.any(Array), failures: expect.any(Array) });
  expect((await rig.json(['ops', 'show', 'loop.run.start'])).document.data).toMatchObject({ input: { type: 'object' } });
  expect((await rig.json(['ops', 'graph', '--pairing'])).document.data).toMatchObject({ gaps: [] });
  expect((await rig.json(['ops', 'call', 'loop.status.show'], { cwd: rig.root })).code).toBe(5);
});

test('the version is that of the package', async () => {
  await using rig = await createRig({ bare: true });
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  for (const flag of ['--version', '-V']) expect((await rig.run([flag])).stdout).toBe(`${version}\n`);
});
