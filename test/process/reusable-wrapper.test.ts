import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { groupAlive, groupMembers } from '../../src/process/group.ts';
import { startReusableWrapper } from '../../src/process/reusable-wrapper.ts';
import { readWrapperStatus } from '../../src/process/wrapper.ts';
import { tempFolder, until } from './rig.ts';
import { supervisedRig as rig } from './supervised-rig.ts';

test('each agent has its own streams, variables and exit, and nothing of the one before', async () => {
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

test('where no named pipe can be made it says that it is impossible, and leaves no folder', async () => {
  await using folder = await tempFolder();
  writeFileSync(join(folder.path, 'mkfifo'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  vi.stubEnv('TMPDIR', folder.path);
  const wrapper = startReusableWrapper({ cwd: folder.path, env: { PATH: `${folder.path}:${process.env['PATH'] ?? ''}` } });
  vi.unstubAllEnvs();
  await until('it has tried', () => wrapper.state !== 'starting');
  expect(wrapper.state).toBe('impossible');
  await until('its folder is gone', () => readdirSync(folder.path).length === 1);
});

test('one that died while it waited is known to be gone, before its guard has gone', async () => {
  await using it = await rig({}, true);
  const wrapper = await it.wrapper();
  await it.run('true');
  const [guard = 0] = groupMembers(it.pid()).filter((member) => member !== it.pid());
  process.kill(guard, 'SIGSTOP');
  process.kill(it.pid(), 'SIGKILL');
  await until('it is gone', () => wrapper?.state === 'gone');
  expect(() => wrapper?.take()).toThrow();
  // What somebody stopped does not hold us up either.
  await until('the guard is gone too', () => !groupAlive(it.pid()));
});

test('a dismissed one that somebody has stopped is ended', async () => {
  await using it = await rig({}, true);
  const wrapper = await it.wrapper();
  await it.run('true');
  process.kill(it.pid(), 'SIGSTOP');
  wrapper?.dismiss();
  await vi.waitFor(() => expect(groupAlive(it.pid())).toBe(false), { timeout: 8000 });
});
