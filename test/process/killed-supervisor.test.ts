import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { groupAlive } from '../../src/process/group.ts';
import { readWrapperStatus } from '../../src/process/wrapper.ts';
import { mark, tempFolder, textOf, until } from './rig.ts';

test.each(['own', 'reused'])('an agent whose supervisor was killed goes on printing to its own end, and its exit status is kept (wrapper: %s)', async (kind) => {
  await using folder = await tempFolder();
  const mine = mark();
  const at = (name: string): string => join(folder.path, name);
  writeFileSync(at('prompt'), '');
  // Far more than the pipes hold, on both streams: without the relays, or the guard, it would die of SIGPIPE or stand still.
  const agent = `echo up; until [ -e go ]; do sleep 0.01; done; head -c 3000000 /dev/zero && head -c 3000000 /dev/zero >&2; echo wrote $? >written; exit 7`;
  const supervisor = spawn(process.execPath, [join(import.meta.dirname, 'supervise-program.ts'), folder.path, mine.variable, mine.value, kind, 'true', agent]);
  let said = '';
  supervisor.stdout.on('data', (chunk) => (said += String(chunk)));
  await until('the agent is up', () => said.includes('up'));
  const { pid, exit } = readWrapperStatus(join(folder.path, 'status'));
  expect(exit).toBeNull();
  supervisor.kill('SIGKILL');
  await once(supervisor, 'exit');
  writeFileSync(at('go'), '');
  await until('the exit status is there', () => readWrapperStatus(join(folder.path, 'status')).exit !== null);
  expect(readWrapperStatus(join(folder.path, 'status'))).toEqual({ pid, exit: 7 });
  expect(await textOf(at('written'))).toBe('wrote 0\n');
  await until('the group is gone', () => !groupAlive(pid ?? 0));
  expect(mine.left()).toEqual([]);
});

test('a wrapper that waits for the next agent ends with its supervisor', async () => {
  await using folder = await tempFolder();
  const mine = mark();
  writeFileSync(join(folder.path, 'prompt'), '');
  const supervisor = spawn(process.execPath, [join(import.meta.dirname, 'supervise-program.ts'), folder.path, mine.variable, mine.value, 'reused', 'true']);
  let said = '';
  supervisor.stdout.on('data', (chunk) => (said += String(chunk)));
  await until('the agent has ended', () => said.includes('all done'));
  const { pid } = readWrapperStatus(join(folder.path, 'status'));
  expect(groupAlive(pid ?? 0)).toBe(true);
  supervisor.kill('SIGKILL');
  await until('the group is gone', () => !groupAlive(pid ?? 0));
});

test('so does an agent that only begins once its supervisor is gone', async () => {
  await using folder = await tempFolder();
  writeFileSync(join(folder.path, 'prompt'), '');
  const supervisor = spawn(process.execPath, [join(import.meta.dirname, 'begin-and-die-program.ts'), folder.path, 'head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 4']);
  await once(supervisor, 'exit');
  const pid = Number(readFileSync(join(folder.path, 'wrapper'), 'utf8'));
  // Long enough for a guard that looks only once to find nobody who writes.
  await delay(300);
  process.kill(pid, 'SIGCONT');
  await until('the exit status is there', () => readWrapperStatus(join(folder.path, 'status')).exit === 4);
  await until('the group is gone', () => !groupAlive(pid));
});
