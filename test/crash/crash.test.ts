import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { CRASH_POINTS } from '../../src/base/crash-point.ts';
import { WORKING_AGENT, committedState, createRig, processesOf, until } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

/** What must hold after any crash and a restart: every turn once, its work once, nothing dirty, nothing in flight. */
async function expectWhole(rig: Rig, turns: number): Promise<void> {
  const records = await rig.turns();
  expect(records.map((turn) => turn.actor)).toEqual(Array.from({ length: turns }, (_, n) => (n % 2 === 0 ? 'galph' : 'ralph')));
  expect(new Set(records.map((turn) => turn.id)).size).toBe(turns);
  const subjects = (await rig.git('log', '--format=%s')).split('\n');
  expect(subjects.filter((subject) => subject.startsWith('[SYNC'))).toHaveLength(turns);
  expect(subjects.filter((subject) => subject.includes(' AUTO: '))).toHaveLength(turns);
  expect(await rig.git('status', '--porcelain')).toBe('');
  expect(rig.exists('.git/orchestrator/turn.json')).toBe(false);
  expect(await committedState(rig)).toMatchObject({ iteration: turns / 2 + 1, expected_actor: 'galph', failure: null });
  // Each agent run that counted left exactly one line, of the turn that is on record.
  const lines = [...(await rig.read('plans/plan.md')).trim().split('\n'), ...(await rig.read('src/work.txt')).trim().split('\n')];
  for (const record of records) expect(lines.filter((line) => line.includes(record.id)).length).toBeGreaterThanOrEqual(1);
}

const WITHOUT_REMOTE = CRASH_POINTS.filter((point) => point !== 'before-push' && point !== 'after-push');

describe.each(['galph', 'ralph'] as const)('killed in the turn of %s', (actor) => {
  test.each(WITHOUT_REMOTE)('at %s: the next run loses nothing and doubles nothing', async (point) => {
    await using rig = await createRig();
    if (actor === 'ralph') expect((await rig.run(['run', '--once'])).code).toBe(0);
    const crashed = await rig.run(['run', '--iterations', '1'], { env: { ORCHESTRATOR_CRASH_AT: point } });
    expect(crashed.signal).toBe('SIGKILL');
    const { code, stderr } = await rig.run(['run', '--iterations', '1']);
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    await expectWhole(rig, 2);
    // This agent is so quick that it may have finished by itself after the crash; then it is not run again.
    if (point !== 'agent-running') expect((await rig.turns()).map((turn) => turn.attempt)).toEqual([1, 1]);
  });

  test.each(['before-push', 'after-push'] as const)('at %s with --push: the next run finishes and pushes it', async (point) => {
    await using rig = await createRig();
    await rig.git('init', '-q', '--bare', '-b', 'main', `${rig.root}/remote.git`);
    await rig.git('remote', 'add', 'origin', `${rig.root}/remote.git`);
    await rig.git('push', '-q', 'origin', 'main');
    if (actor === 'ralph') expect((await rig.run(['run', '--once', '--push'])).code).toBe(0);
    const crashed = await rig.run(['run', '--iterations', '1', '--push'], { env: { ORCHESTRATOR_CRASH_AT: point } });
    expect(crashed.signal).toBe('SIGKILL');
    expect((await rig.run(['run', '--iterations', '1', '--push'])).code).toBe(0);
    await expectWhole(rig, 2);
    expect(await rig.git('ls-remote', 'origin', 'refs/heads/main')).toContain(await rig.git('rev-parse', 'HEAD'));
  });
});

test('an agent that goes on after the crash is ended by the next start, with its children; its work is kept', async () => {
  await using rig = await createRig({
    agent: `cat > /dev/null
if [ ! -e "$HOME/second" ]; then
  echo partial >> src.txt
  (trap '' TERM; setsid sleep 300 & sleep 300) &
  : > "$HOME/working"
  wait
fi
echo whole >> src.txt; mkdir -p plans; echo x >> plans/p.md
`,
  });
  const running = rig.start(['run', '--once']);
  await until('the agent to work', () => rigHas(rig, 'working'));
  running.kill('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
  expect((await processesOf(rig.root)).length).toBeGreaterThan(0);
  await writeFile(`${rig.home}/second`, '');
  expect((await rig.run(['run', '--once'])).code).toBe(0);
  expect(await processesOf(rig.root)).toEqual([]);
  expect(await rig.read('src.txt')).toBe('partial\nwhole\n');
  expect((await rig.turns()).map(({ attempt, outcome }) => ({ attempt, outcome }))).toEqual([{ attempt: 2, outcome: 'ok' }]);
});

test('an agent that finished after the crash is not run again', async () => {
  await using rig = await createRig({ agent: `: > "$HOME/working"\nwhile [ ! -e "$HOME/go" ]; do sleep 0.05; done\n${WORKING_AGENT}: > "$HOME/finished"\n` });
  const running = rig.start(['run', '--once']);
  await until('the agent to work', () => rigHas(rig, 'working'));
  running.kill('SIGKILL');
  await running.ended;
  await writeFile(`${rig.home}/go`, '');
  await until('the agent to finish', async () => (await rigHas(rig, 'finished')) && (await processesOf(rig.root)).length === 0);
  expect((await rig.run(['run', '--once'])).code).toBe(0);
  const [galph, ralph] = await rig.turns();
  expect(ralph).toBeUndefined();
  expect(galph).toMatchObject({ actor: 'galph', outcome: 'ok', attempt: 1, exit_code: 0 });
  expect(await rig.read(galph?.log ?? '')).toContain('whose last words may be missing');
  expect((await rig.read('plans/plan.md')).trim().split('\n')).toHaveLength(1);
});

test('killed at random moments, again and again, a run ends whole', async () => {
  await using rig = await createRig();
  let seed = 20_26;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let kills = 0; kills < 8; kills++) {
    const running = rig.start(['run', '--iterations', '2', '--json']);
    // Somewhere within the first turns, measured in what the run has told so far.
    const events = Math.floor(random() * 12);
    await until('some events, or the end', () => running.child.exitCode !== null || running.output().stdout.split('\n').length > events);
    running.kill('SIGKILL');
    await running.ended;
  }
  expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
  await expectWhole(rig, (await rig.turns()).length);
  expect(await processesOf(rig.root)).toEqual([]);
});

describe('signals', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the agent and its children, keeps its work, and the next run repeats the turn', async (signal, expected) => {
    await using rig = await createRig({ agent: `cat > /dev/null\nmkdir -p plans; echo part >> plans/p.md\n[ -e "$HOME/second" ] && exit 0\nsleep 300 &\n: > "$HOME/working"\nwait\n` });
    const before = await rig.git('rev-parse', 'HEAD');
    const running = rig.start(['run', '--once']);
    await until('the agent to work', () => rigHas(rig, 'working'));
    running.kill(signal);
    expect((await running.ended).code).toBe(expected);
    expect(await processesOf(rig.root)).toEqual([]);
    expect(await rig.git('rev-parse', 'HEAD')).toBe(before);
    expect(rig.exists('.git/orchestrator/turn.json')).toBe(false);
    expect(JSON.parse(await rig.read('.git/orchestrator/leftovers.json'))).toMatchObject({ paths: ['plans/p.md'] });
    await writeFile(`${rig.home}/second`, '');
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect((await rig.turns()).map((turn) => [turn.actor, turn.outcome])).toEqual([['galph', 'interrupted'], ['galph', 'ok']]);
    expect(await rig.git('show', 'HEAD~1:plans/p.md')).toBe('part\npart');
  });

  test('an agent that ignores SIGTERM is killed', async () => {
    await using rig = await createRig({ agent: `trap '' TERM INT\ncat > /dev/null\n: > "$HOME/working"\nwhile :; do sleep 0.1; done\n` });
    const running = rig.start(['run', '--once']);
    await until('the agent to work', () => rigHas(rig, 'working'));
    running.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(await processesOf(rig.root)).toEqual([]);
  });
});

describe('one runner a checkout', () => {
  const SLOW = `: > "$HOME/working"\nwhile [ ! -e "$HOME/go" ]; do sleep 0.05; done\n${WORKING_AGENT}`;

  test('a second one is refused with exit 4 and changes nothing', async () => {
    await using rig = await createRig({ agent: SLOW });
    const running = rig.start(['run', '--once']);
    await until('the agent to work', () => rigHas(rig, 'working'));
    const second = await rig.json(['run', '--once']);
    expect(second.code).toBe(4);
    expect(second.document.error).toMatchObject({ code: 'checkout_busy', kind: 'conflict', details: { pid: expect.any(Number) } });
    await writeFile(`${rig.home}/go`, '');
    expect((await running.ended).code).toBe(0);
    expect(await rig.turns()).toHaveLength(1);
  });

  test('of many that start at once after a crash, exactly one works', async () => {
    await using rig = await createRig();
    expect((await rig.run(['run', '--once'], { env: { ORCHESTRATOR_CRASH_AT: 'state-stamped' } })).signal).toBe('SIGKILL');
    const all = await Promise.all(Array.from({ length: 6 }, () => rig.run(['run', '--iterations', '1'])));
    const codes = all.map((ended) => ended.code);
    expect(codes.every((code) => code === 0 || code === 4)).toBe(true);
    expect(codes).toContain(0);
    const turns = await rig.turns();
    expect(new Set(turns.map((turn) => turn.id)).size).toBe(turns.length);
    expect(await committedState(rig)).toMatchObject({ failure: null });
  });

  test('stop ends the run at the next turn with exit 0; --now ends the agent too', async () => {
    await using rig = await createRig({ agent: SLOW });
    const running = rig.start(['run', '--iterations', '0']);
    await until('the agent to work', () => rigHas(rig, 'working'));
    expect((await rig.json(['stop', '--reason', 'lunch'])).document.data).toMatchObject({ requested: true, now: false });
    await writeFile(`${rig.home}/go`, '');
    expect((await running.ended).code).toBe(0);
    expect(await committedState(rig)).toMatchObject({ status: 'stopped', expected_actor: 'ralph' });
    expect(await rig.turns()).toHaveLength(1);

    const { rm } = await import('node:fs/promises');
    await rm(`${rig.home}/go`);
    await rm(`${rig.home}/working`);
    const second = rig.start(['run', '--iterations', '0']);
    await until('the agent to work', () => rigHas(rig, 'working'));
    expect((await rig.run(['stop', '--now'])).code).toBe(0);
    expect((await second.ended).code).toBe(0);
    expect(await committedState(rig)).toMatchObject({ status: 'stopped', expected_actor: 'ralph' });
    expect(await processesOf(rig.root)).toEqual([]);
  });

  test('status shows the turn in flight; a crashed one is told apart', async () => {
    await using rig = await createRig({ agent: SLOW });
    const running = rig.start(['run', '--once']);
    await until('the agent to work', () => rigHas(rig, 'working'));
    const { document } = await rig.json<{ turn: { pid: number }; branch: string; claim: null }>(['status']);
    expect(document.data).toMatchObject({ branch: 'main', claim: null, turn: { actor: 'galph', prompt: 'supervisor.md', agent: 'stub', attempt: 1, pid: expect.any(Number) }, next: { actor: 'galph', selected_prompt: 'supervisor.md', source: 'deterministic' } });
    expect((await readFile(`/proc/${document.data.turn.pid}/cmdline`, 'utf8')).length).toBeGreaterThan(0);
    running.kill('SIGKILL');
    await running.ended;
    const after = (await rig.json(['status'])).document.data;
    expect(after).toMatchObject({ turn: null, crashed_turn: { actor: 'galph' } });
    await writeFile(`${rig.home}/go`, '');
    await until('the agent to finish', async () => (await processesOf(rig.root)).length === 0);
  });
});

const rigHas = async (rig: Rig, name: string): Promise<boolean> => readFile(`${rig.home}/${name}`).then(() => true, () => false);
