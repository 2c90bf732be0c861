import { describe, expect, test } from 'vitest';
import { createRig, until } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

/** Usage limits and budgets, with scripted agents as real processes. */

const CONFIG = `agent: { default: first, fallback: [second] }
agents:
  first: { kind: scripted, script: first.yaml }
  second: { kind: scripted, script: second.yaml }
sandbox: off
`;

async function scripted(first: string, more = '', second = 'turns:\n  - steps: [{ write: { path: plans/second.md, content: "x" } }, { usage: { input_tokens: 7, output_tokens: 1 } }]\n'): Promise<Rig> {
  const rig = await createRig();
  await rig.write('orchestration.yaml', `${CONFIG}${more}`);
  await rig.write('first.yaml', first);
  await rig.write('second.yaml', second);
  await rig.commit('scripts');
  return rig;
}

/** Works a little, comes to its limit, and does the rest when it is gone on with. */
const LIMITED = (after: string): string => `turns:
  - when: { resumed: true }
    steps: [{ append: { path: plans/p.md, content: "rest\\n" } }, { usage: { input_tokens: 20, output_tokens: 2 } }]
  - steps: [{ append: { path: plans/p.md, content: "begun\\n" } }, { usage: { input_tokens: 10, output_tokens: 1 } }, { limit: ${after} }]
`;

describe('a usage limit', () => {
  test('that says when it ends is waited for; the session goes on, once; both calls count', async () => {
    await using rig = await scripted(LIMITED('700ms'));
    const run = rig.start(['run', '--once']);
    await until('it waits', () => run.output().stderr.includes('usage limit of first'));
    const status = await rig.json<{ turn: { waiting_for?: string } }>(['status']);
    expect(status.document.data.turn.waiting_for).toContain('usage limit of first, until');
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(await rig.read('plans/p.md')).toBe('begun\nrest\n');
    const [turn] = await rig.turns();
    expect(turn).toMatchObject({ outcome: 'ok', attempt: 1, usage: { input_tokens: 30, output_tokens: 3 } });
    const log = await rig.read(turn?.log ?? '');
    expect(log).toContain('usage limit until');
    expect(log.match(/\[session scripted-/g)?.length).toBe(2);
  });

  test('that comes again after the wait fails the turn: exit 8', async () => {
    await using rig = await scripted('turns:\n  - steps: [{ limit: 100ms }]\n');
    const ended = await rig.run(['run', '--once']);
    expect([ended.code, ended.stderr]).toEqual([8, expect.stringContaining('once already')]);
    expect(await rig.state()).toMatchObject({ status: 'failed', failure: { code: 'usage_limit' } });
  });

  test.each([
    ['does not say when it ends', 'null', '', 'does not say'],
    ['would be waited for too long', '1h', 'limits: { max_limit_wait: 5m }\n', 'max_limit_wait'],
    ['is not to be waited for', '1s', 'limits: { on_usage_limit: fail }\n', 'on_usage_limit'],
  ])('that %s fails the turn at once: exit 8', async (_name, after, config, words) => {
    await using rig = await scripted(LIMITED(after), config);
    const ended = await rig.run(['run', '--once']);
    expect([ended.code, ended.stderr]).toEqual([8, expect.stringContaining(words)]);
    expect(await rig.state()).toMatchObject({ status: 'failed', failure: { code: 'usage_limit' } });
  });

  test('with switch the next agent of the list goes on in the same turn', async () => {
    await using rig = await scripted(LIMITED('1h'), 'limits: { on_usage_limit: switch }\n');
    const ended = await rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('second goes on');
    const [turn] = await rig.turns();
    expect(turn).toMatchObject({ agent: 'second', outcome: 'ok', usage: { input_tokens: 17, output_tokens: 2 } });
    expect(rig.exists('plans/second.md')).toBe(true);
  });

  test.each([['stop', 0], ['SIGTERM', 143]] as const)('a wait ends on %s', async (how, code) => {
    await using rig = await scripted(LIMITED('1h'));
    const run = rig.start(['run', '--once']);
    await until('it waits', () => run.output().stderr.includes('usage limit of first'));
    if (how === 'stop') await rig.run(['stop']);
    else run.kill(how);
    expect((await run.ended).code).toBe(code);
    expect((await rig.turns())[0]).toMatchObject({ outcome: 'interrupted' });
    expect(await rig.read('plans/p.md')).toBe('begun\n');
  });

  test('a wait that was killed is gone on with by the next run, in the same session', async () => {
    await using rig = await scripted(LIMITED('3s'));
    const run = rig.start(['run', '--once']);
    await until('it waits', () => run.output().stderr.includes('usage limit of first'));
    run.kill('SIGKILL');
    await run.ended;
    const again = await rig.run(['run', '--once']);
    expect(again.code, again.stderr).toBe(0);
    expect(await rig.read('plans/p.md')).toBe('begun\nrest\n');
  });
});

test('a limit that was told just before a crash is waited for by the next run', async () => {
  await using rig = await scripted(LIMITED('1s'));
  await rig.run(['run', '--once'], { env: { ORCHESTRATOR_CRASH_AT: 'agent-exited' } });
  const again = await rig.run(['run', '--once']);
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('usage limit of first')]);
  expect(await rig.read('plans/p.md')).toBe('begun\nrest\n');
});

/** Starts a run, and kills it once what its agent used is noted. */
async function killedAtWork(rig: Rig): Promise<void> {
  const run = rig.start(['run', '--once']);
  await until('what the agent used is noted', async () => rig.exists('.git/orchestrator/spent.jsonl') && (await rig.read('.git/orchestrator/spent.jsonl')).endsWith('\n'));
  run.kill('SIGKILL');
  await run.ended;
}

describe('budgets', () => {
  const spends = (tokens: number): string => `turns:\n  - steps: [{ append: { path: plans/p.md, content: "x\\n" } }, { usage: { input_tokens: ${tokens}, output_tokens: 0, cost_usd: 0.01 } }]\n`;

  test('of a day hold over several runs', async () => {
    await using rig = await scripted(spends(60), 'budget: { day: { max_tokens: 100 } }\n');
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    // Its work counts; the budget is spent after it.
    expect((await rig.run(['run', '--once'])).code).toBe(8);
    expect((await rig.turns()).map((turn) => turn.outcome)).toEqual(['ok', 'ok']);
    const third = await rig.run(['run', '--once']);
    expect([third.code, third.stderr]).toEqual([8, expect.stringContaining('budget of this day')]);
    expect(await rig.state()).toMatchObject({ status: 'failed', failure: { code: 'budget' } });
  });

  test('and over a crash', async () => {
    await using rig = await scripted('turns:\n  - steps: [{ usage: { input_tokens: 100, output_tokens: 0 } }, { sleep: 60s }]\n', 'budget: { day: { max_tokens: 150 } }\n');
    await killedAtWork(rig);
    // The turn is repeated, and what the first try used counts.
    const second = await rig.run(['run', '--once']);
    expect([second.code, second.stderr]).toEqual([8, expect.stringContaining('used 200 tokens')]);
    expect((await rig.run(['run', '--once'])).code).toBe(8);
    expect((await rig.turns()).length).toBe(1);
  });

  test('of a turn that its last report used up: the work counts, and the run ends with exit 8, after --once too', async () => {
    await using rig = await scripted(spends(60), 'budget: { turn: { max_cost_usd: 0.005 } }\n');
    const ended = await rig.run(['run', '--once']);
    expect([ended.code, ended.stderr]).toEqual([8, expect.stringContaining('budget of this turn')]);
    expect((await rig.turns())[0]).toMatchObject({ outcome: 'ok', files_changed: ['plans/p.md'] });
    expect(await rig.state()).toMatchObject({ status: 'failed', expected_actor: 'ralph', failure: { code: 'budget' } });
  });

  test('of a turn count its attempts that crashed', async () => {
    await using rig = await scripted('turns:\n  - steps: [{ usage: { input_tokens: 100, output_tokens: 0 } }, { sleep: 60s }]\n', 'budget: { turn: { max_tokens: 150 } }\n');
    await killedAtWork(rig);
    const second = await rig.run(['run', '--once']);
    expect([second.code, second.stderr]).toEqual([8, expect.stringContaining('budget of this turn')]);
  });

  test('of time do not count a wait for a limit to end', async () => {
    await using rig = await scripted(LIMITED('3s'), 'budget: { max_duration: 3s }\n');
    const ended = await rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(0);
  });

  test('of a run go on after a crash', async () => {
    await using rig = await scripted('turns:\n  - steps: [{ usage: { input_tokens: 100, output_tokens: 0 } }, { sleep: 60s }]\n', 'budget: { max_tokens: 150 }\n');
    await killedAtWork(rig);
    const second = await rig.run(['run', '--once']);
    expect([second.code, second.stderr]).toEqual([8, expect.stringContaining('used 200 tokens')]);
    // A run that a person starts has its own.
    await rig.write('script.yaml', '');
    await rig.write('first.yaml', 'turns:\n  - steps: [{ append: { path: plans/p.md, content: x } }, { usage: { input_tokens: 100, output_tokens: 0 } }]\n');
    expect((await rig.run(['run', '--once', '--allow-dirty'])).code).toBe(0);
  });

  test('of money say so where an agent does not tell its cost', async () => {
    await using rig = await scripted('turns:\n  - steps: [{ append: { path: plans/p.md, content: "x" } }, { usage: { input_tokens: 60, output_tokens: 0 } }]\n', 'budget: { max_cost_usd: 1 }\n');
    const ended = await rig.run(['run', '--once']);
    expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining('first does not tell what it costs')]);
  });

  test.each([
    ['tokens of a turn', 'turn: { max_tokens: 50 }', 'max_tokens'],
    ['time of a turn', 'turn: { max_duration: 300ms }', 'max_duration'],
    ['time of the run', 'max_duration: 300ms', 'max_duration'],
  ])('of %s end the agent in the middle of it', async (_name, config, words) => {
    await using rig = await scripted('turns:\n  - steps: [{ usage: { input_tokens: 60, output_tokens: 0 } }, { sleep: 60s }]\n', `budget: { ${config} }\n`);
    const ended = await rig.run(['run', '--once']);
    expect([ended.code, ended.stderr]).toEqual([8, expect.stringContaining(words)]);
  });
});
