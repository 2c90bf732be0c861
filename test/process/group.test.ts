import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { endGroup, endMarked, groupAlive, groupMembers } from '../../src/process/group.ts';
import { isAlive, processIdentity, selfIdentity } from '../../src/process/identity.ts';
import { mark, textOf, tempFolder, until } from './rig.ts';

function shell(script: string, env: Record<string, string> = {}) {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore', env: { PATH: process.env['PATH'], ...env } });
  if (child.pid === undefined) throw new Error('sh did not start');
  return { child, pid: child.pid };
}

test('an identity is stable while the process lives and gone with it', async () => {
  const { child, pid } = shell('exec sleep 100');
  const identity = processIdentity(pid);
  expect(identity).not.toBeNull();
  expect(processIdentity(pid)).toBe(identity);
  expect(isAlive(pid, identity)).toBe(true);
  expect(isAlive(pid, `${identity}0`)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(pid, identity)).toBe(false);
  expect(isAlive(process.pid, selfIdentity())).toBe(true);
  expect(processIdentity(0)).toBeNull();
});

test('a group is ended with all its members, and ending it again is nothing', async () => {
  const { pid } = shell('sleep 100 & sleep 100 & wait');
  await until('three members run', () => groupMembers(pid).length === 3);
  expect(await endGroup(pid)).toBe(true);
  expect(groupAlive(pid)).toBe(false);
  expect(await endGroup(pid)).toBe(true);
});

test('a member that ignores SIGTERM is killed after the time it was given', async () => {
  await using folder = await tempFolder();
  const { pid } = shell(`trap "" TERM; echo up >${folder.path}/up; while :; do sleep 1; done`);
  await until('the trap is set', async () => (await textOf(`${folder.path}/up`)) !== '');
  const started = performance.now();
  expect(await endGroup(pid, { term_ms: 100 })).toBe(true);
  expect(performance.now() - started).toBeGreaterThanOrEqual(100);
  expect(groupAlive(pid)).toBe(false);
});

test('a stopped member is ended without waiting for SIGKILL', async () => {
  const { pid } = shell('kill -STOP $$');
  const started = performance.now();
  expect(await endGroup(pid)).toBe(true);
  expect(performance.now() - started).toBeLessThan(2000);
});

test('a member that has ended but was not reaped does not keep the group alive', async () => {
  // The shell's child ends, and the shell has become a program that never reaps it.
  const { pid, child } = shell('sleep 0 & exec sleep 100');
  const leader = processIdentity(pid);
  await until('only the leader runs', () => groupMembers(pid).length === 1);
  expect(leader).not.toBeNull();
  await endGroup(pid);
  expect(groupAlive(pid)).toBe(false);
  child.unref();
});

test('numbers that would mean everyone are refused', async () => {
  for (const pgid of [1, 0, -1, Number.NaN]) await expect(endGroup(pgid)).rejects.toThrow(RangeError);
});

test.runIf(process.platform === 'linux')('a marked process is found and ended in whatever session it is', async () => {
  const mine = mark();
  shell('setsid sleep 100 & sleep 100', { [mine.variable]: mine.value });
  shell('exec sleep 100', { [mine.variable]: mine.value });
  const longer = shell('exec sleep 100', { [mine.variable]: `${mine.value}0` });
  await until('all four run', () => mine.left().length === 4);
  await until('the stranger runs', () => processIdentity(longer.pid) !== null);
  expect(await endMarked(mine.variable, mine.value)).toHaveLength(4);
  expect(mine.left()).toEqual([]);
  expect(processIdentity(longer.pid)).not.toBeNull();
  await endGroup(longer.pid);
});
