import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { groupAlive } from '../../src/process/group.ts';
import type { SupervisedObserver } from '../../src/process/supervised.ts';
import { readWrapperStatus } from '../../src/process/wrapper.ts';
import { supervisedRig as rig } from './supervised-rig.ts';

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

  test('who left the group and lost the mark, and holds the output, delays nothing beyond the grace', async () => {
    await using it = await rig({ grace_ms: 100, term_ms: 300 }, reused);
    const end = await it.run('env -i setsid sleep 100 & echo $! >escaped; echo done; exit 5');
    expect(end).toMatchObject({ exit_code: 5, ended_early: null, left_behind: true });
    expect(end.duration_ms).toBeLessThan(5000);
    expect(it.lines).toEqual(['done']);
    process.kill(Number(readFileSync(join(it.folder.path, 'escaped'), 'utf8')), 'SIGKILL');
  });

  test('the environment arrives as it is, whatever its names', async () => {
    const env = Object.fromEntries(['file', 'input', 'word', 'lines', 'line', 'counts', 'count', 'variables', 's', 'folder', 'mark', 'code', 'begin'].map((name) => [name, `mine ${name}`]));
    await using it = await rig({ env }, reused);
    await it.run('env');
    expect(it.lines).toEqual(expect.arrayContaining(Object.entries(env).map(([name, value]) => `${name}=${value}`)));
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

test('a working directory that is not there is an error, not a hang', async () => {
  await using it = await rig({ cwd: '/no/such/folder' });
  await expect(it.run('echo x')).rejects.toThrow(/ENOENT/);
});
