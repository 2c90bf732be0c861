import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { groupAlive, groupMembers } from '../../src/process/group.ts';
import { startReusableWrapper } from '../../src/process/reusable-wrapper.ts';
import type { ReusableWrapper } from '../../src/process/reusable-wrapper.ts';
import { runSupervised } from '../../src/process/supervised.ts';
import type { SupervisedObserver, SupervisedProgram } from '../../src/process/supervised.ts';
import { readWrapperStatus } from '../../src/process/wrapper.ts';
import { mark, tempFolder, until } from './rig.ts';

const never = new AbortController().signal;

/** `reused`: the programs of one rig share a wrapper, as long as it lives. */
async function rig(options: Partial<SupervisedProgram> = {}, reused = false) {
  const folder = await tempFolder();
  const mine = mark();
  const scratch = join(folder.path, 'scratch');
  mkdirSync(scratch);
  writeFileSync(join(scratch, 'prompt'), 'the prompt\n');
  const lines: string[] = [];
  const env = { PATH: process.env['PATH'] ?? '' };
  let pid = 0;
  let shared: ReusableWrapper | null = null;
  const wrapper = async (): Promise<ReusableWrapper | null> => {
    if (!reused) return null;
    if (shared === null || shared.state === 'gone') shared = startReusableWrapper({ cwd: folder.path, env });
    await until('the wrapper waits', () => shared?.state === 'idle');
    return shared;
  };
  const run = async (script: string, extra: Partial<SupervisedObserver> = {}, signal: AbortSignal = never) =>
    runSupervised(
      {
        argv: ['/bin/sh', '-c', script],
        cwd: folder.path,
        env,
        variables: { [mine.variable]: mine.value },
        stdin_file: join(scratch, 'prompt'),
        status_file: join(scratch, 'status'),
        mark: { variable: mine.variable, value: mine.value },
        turn_timeout_ms: 0,
        stall_timeout_ms: 0,
        grace_ms: 10_000,
        ...options,
      },
      {
        onStarted: (started) => (pid = started),
        onLine: (stream, line) => lines.push(`${stream === 'stderr' ? '! ' : ''}${line.text}`),
        ...extra,
      },
      signal,
      (await wrapper())?.take() ?? null,
    );
  const dispose = async (): Promise<void> => {
    shared?.dismiss();
    await until('the wrapper is gone', () => shared === null || shared.state === 'gone');
    await folder[Symbol.asyncDispose]();
  };
  return { folder, scratch, lines, run, wrapper, left: mine.left, pid: () => pid, [Symbol.asyncDispose]: dispose };
}

describe.each([['of its own', false], ['that runs several', true]] as const)('under a wrapper %s', (_, reused) => {
  test('prompt, both streams, exit status, pid and exit files', async () => {
    await using it = await rig({}, reused);
    const end = await it.run('cat; echo oops >&2; exit 3');
    expect(end).toMatchObject({ exit_code: 3, ended_early: null });
    expect(it.lines.toSorted()).toEqual(['! oops', 'the prompt']);
    expect(readWrapperStatus(join(it.scratch, 'status'))).toEqual({ pid: it.pid(), exit: 3 });
    if (!reused) expect(groupAlive(it.pid())).toBe(false);
  });

  test('stdin can be read again from its beginning', async () => {
    await using it = await rig({}, reused);
    await it.run('cat; cat </dev/stdin');
    expect(it.lines).toEqual(['the prompt', 'the prompt']);
  });

  test('an agent that a signal ended has the shell status of it', async () => {
    await using it = await rig({}, reused);
    expect(await it.run('kill -KILL $$')).toMatchObject({ exit_code: 137, ended_early: null });
  });

  test('the turn timeout ends the group', async () => {
    await using it = await rig({ turn_timeout_ms: 100 }, reused);
    expect(await it.run('sleep 100 & while :; do echo busy; sleep 0.01; done')).toMatchObject({ exit_code: null, ended_early: 'turn_timeout' });
    expect(it.left()).toEqual([]);
    expect(readWrapperStatus(join(it.scratch, 'status')).exit).toBeNull();
  });

  test('silence ends the group, output on either stream does not', async () => {
    await using it = await rig({ stall_timeout_ms: 400 }, reused);
    expect(await it.run('for i in 1 2 3 4 5 6; do sleep 0.1; echo $i >&2; done; sleep 100')).toMatchObject({ ended_early: 'stall_timeout' });
    expect(it.lines).toHaveLength(6);
    expect(it.left()).toEqual([]);
  });

  test('an agent that kills its wrapper is heard to its end, and nobody knows its exit status', async () => {
    await using it = await rig({}, reused);
    expect(await it.run('kill -9 $PPID; sleep 0.2; echo late; echo too >&2; head -c 200000 /dev/zero | tr "\\0" "\\n"')).toMatchObject({ exit_code: null, ended_early: null });
    // Some shells say of their own accord that a part of them was killed.
    const [said, empty] = [it.lines.filter((line) => line !== '' && line !== '! Killed'), it.lines.filter((line) => line === '')];
    expect(said.toSorted()).toEqual(['! too', 'late']);
    expect(empty).toHaveLength(200_000);
    expect(it.left()).toEqual([]);
  });

  test('an agent that ignores SIGTERM is killed', async () => {
    await using it = await rig({ turn_timeout_ms: 200, term_ms: 100 }, reused);
    expect(await it.run('trap "" TERM; while :; do sleep 0.02; done')).toMatchObject({ exit_code: null, ended_early: 'turn_timeout' });
    expect(it.left()).toEqual([]);
  });

  test('last words after SIGTERM are still heard', async () => {
    await using it = await rig({}, reused);
    const stop = new AbortController();
    const onLine: SupervisedObserver['onLine'] = (stream, line) => {
      // Some shells report on stderr that their `sleep` was ended.
      if (stream === 'stdout') it.lines.push(line.text);
      if (line.text === 'up') stop.abort();
    };
    // Told twice, it would save twice, or think that it is to drop everything.
    const end = await it.run('trap "echo saving; sleep 0.2; echo saved; exit 0" TERM; echo up; while :; do sleep 0.01; done', { onLine }, stop.signal);
    expect(end).toMatchObject({ exit_code: null, ended_early: 'aborted' });
    expect(it.lines).toEqual(['up', 'saving', 'saved']);
  });

  test('a grandchild that holds stdout is ended after the grace, the exit code being known', async () => {
    await using it = await rig({ grace_ms: 100 }, reused);
    const end = await it.run('sleep 100 & echo done; exit 5');
    expect(end).toMatchObject({ exit_code: 5, ended_early: null });
    expect(end.duration_ms).toBeLessThan(5000);
    expect(it.left()).toEqual([]);
  });

  test('so is one that made a session of its own', async () => {
    await using it = await rig({ grace_ms: 100 }, reused);
    const end = await it.run('setsid sleep 100 & echo done');
    expect(end).toMatchObject({ exit_code: 0, ended_early: null });
    expect(end.duration_ms).toBeLessThan(5000);
    expect(it.left()).toEqual([]);
  });

  test('a grandchild that let go of stdout is ended at once', async () => {
    await using it = await rig({}, reused);
    const end = await it.run('sleep 100 >/dev/null 2>&1 & setsid sleep 100 >/dev/null 2>&1 & echo done');
    expect(end).toMatchObject({ exit_code: 0 });
    expect(end.duration_ms).toBeLessThan(5000);
    expect(it.left()).toEqual([]);
  });

  test('after its last word an agent has the grace to exit, and no second one for what it leaves behind', async () => {
    await using it = await rig({ grace_ms: 100, turn_timeout_ms: 50_000 }, reused);
    const hasClosed = (): boolean => it.lines.includes('last word');
    expect(await it.run('echo last word; sleep 100', { hasClosed })).toMatchObject({ exit_code: null, ended_early: 'grace' });
    expect(await it.run('echo last word; exit 0', { hasClosed })).toMatchObject({ exit_code: 0, ended_early: null });
    expect(await it.run('sleep 100 & echo last word; exit 0', { hasClosed })).toMatchObject({ exit_code: 0, ended_early: null });
    expect(it.left()).toEqual([]);
  });

  test('a signal that was given before ends it before it starts', async () => {
    await using it = await rig({}, reused);
    expect(await it.run('echo never', {}, AbortSignal.abort())).toMatchObject({ ended_early: 'aborted' });
    expect(it.pid()).toBe(0);
  });

  test('a consumer that is busy holds the agent up, and silence meanwhile is not the agent\'s', async () => {
    await using it = await rig({ stall_timeout_ms: 300 }, reused);
    const gate = Promise.withResolvers<void>();
    let seen = 0;
    let open = false;
    const timer = setTimeout(() => ((open = true), gate.resolve()), 700);
    const end = await it.run('head -c 3000000 /dev/zero | tr "\\0" "\\n"; touch all-written', {
      onLine: () => (seen += 1),
      busy: () => (open ? null : gate.promise),
    });
    clearTimeout(timer);
    expect(end).toMatchObject({ exit_code: 0, ended_early: null });
    expect(end.duration_ms).toBeGreaterThanOrEqual(690);
    expect(seen).toBe(3_000_000);
  });

  test('an observer that throws leaves no process behind', async () => {
    await using it = await rig({}, reused);
    await expect(it.run('echo x; sleep 100', { onLine: () => { throw new Error('bug'); } })).rejects.toThrow('bug');
    await expect(it.run('echo x; sleep 100', { onStarted: () => { throw new Error('bug'); } })).rejects.toThrow('bug');
    expect(it.left()).toEqual([]);
  });
});

test('a wrapper that runs several: each has its own streams, variables and exit, and nothing of the one before', async () => {
  await using it = await rig({}, true);
  const first = await it.run('echo one; echo two >&2; exit 3');
  const { pid } = it;
  const group = pid();
  expect(first).toMatchObject({ exit_code: 3, left_behind: false });
  it.lines.length = 0;
  expect(await it.run('cat; kill -KILL $$')).toMatchObject({ exit_code: 137, left_behind: false });
  expect(pid()).toBe(group);
  expect(it.lines).toEqual(['the prompt']);
  expect(readWrapperStatus(join(it.scratch, 'status'))).toEqual({ pid: group, exit: 137 });
  for (let n = 0; n < 20; n += 1) expect(await it.run(`echo ${n}`)).toMatchObject({ exit_code: 0, left_behind: false });
  expect(it.lines).toEqual(['the prompt', ...Array.from({ length: 20 }, (_, n) => String(n))]);
  expect(pid()).toBe(group);
});

test('it is not used again once an agent left something behind or was ended', async () => {
  await using it = await rig({ grace_ms: 50 }, true);
  await it.run('true');
  const [clean] = [it.pid()];
  expect(await it.run('sleep 100 >/dev/null 2>&1 & true')).toMatchObject({ exit_code: 0, left_behind: true });
  expect(it.pid()).toBe(clean);
  expect(groupAlive(clean)).toBe(false);
  await it.run('true');
  const second = it.pid();
  expect(second).not.toBe(clean);
  const stop = new AbortController();
  await it.run('echo up; sleep 100', { onLine: () => stop.abort() }, stop.signal);
  expect(groupAlive(second)).toBe(false);
  expect(it.left()).toEqual([]);
});

test('an agent of it has none of its descriptors and the usual signals', async () => {
  await using it = await rig({}, true);
  await it.run('for n in 3 4 5 6 7 8 9; do if [ -e /proc/self/fd/$n ]; then echo $n; fi; done; grep SigIgn /proc/self/status');
  expect(it.lines).toEqual([expect.stringMatching(/^SigIgn:\s+0+$/)]);
});

test('it leaves no folder, and ends with its owner although nobody says so', async () => {
  await using it = await rig({}, true);
  const wrapper = await it.wrapper();
  await it.run('true');
  const group = it.pid();
  expect(groupMembers(group)).toHaveLength(2);
  wrapper?.dismiss();
  await until('its processes are gone', () => !groupAlive(group));
  expect(wrapper?.state).toBe('gone');
});

test('one that was killed while it waited runs nothing, and nobody waits for that', async () => {
  await using it = await rig({}, true);
  await it.run('true');
  process.kill(it.pid(), 'SIGKILL');
  // Long enough for it to die, without a turn of the event loop in which it would be noticed.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  expect(await it.run('echo never')).toMatchObject({ exit_code: null, ended_early: null });
  expect(it.lines).toEqual([]);
});

test('where no named pipe can be made it says that it is impossible', async () => {
  await using folder = await tempFolder();
  const wrapper = startReusableWrapper({ cwd: folder.path, env: { PATH: folder.path } });
  await until('it has tried', () => wrapper.state !== 'starting');
  expect(wrapper.state).toBe('impossible');
});

test('a working directory that is not there is an error, not a hang', async () => {
  await using it = await rig({ cwd: '/no/such/folder' });
  await expect(it.run('echo x')).rejects.toThrow(/ENOENT/);
});
