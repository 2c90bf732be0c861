import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProgram } from '../../src/process/run-program.ts';
import { mark, until } from './rig.ts';

const mine = mark();
const options = { cwd: '/', env: { PATH: process.env['PATH'] ?? '', [mine.variable]: mine.value }, timeout_ms: 10_000 };

test('output and exit code come back, and arguments are no shell text', async () => {
  expect(await runProgram(['printf', '%s', '$HOME; "x"'], options)).toEqual({ ok: true, value: { exit_code: 0, stdout: '$HOME; "x"', stderr: '', truncated: false } });
  expect(await runProgram(['sh', '-c', 'echo bad >&2; exit 4'], options)).toMatchObject({ value: { exit_code: 4, stderr: 'bad\n' } });
});

test('of a long output the end is kept', async () => {
  const result = await runProgram(['sh', '-c', 'yes | head -c 5000000; echo end'], { ...options, max_output_bytes: 100 });
  expect(result).toMatchObject({ ok: true, value: { truncated: true } });
  expect(result.ok && result.value.stdout).toHaveLength(100);
  expect(result.ok && result.value.stdout.endsWith('y\nend\n')).toBe(true);
});

test('a program that does not end in time is ended with all that it started', async () => {
  const result = await runProgram(['sh', '-c', 'sleep 100 & sleep 100'], { ...options, timeout_ms: 50 });
  expect(result).toMatchObject({ ok: false, failure: { code: 'program_timeout', kind: 'timeout' } });
  expect(mine.left()).toEqual([]);
});

test('what a program left behind does not hold it up', async () => {
  expect(await runProgram(['sh', '-c', 'sleep 100 & echo done'], options)).toMatchObject({ ok: true, value: { stdout: 'done\n' } });
  expect(mine.left()).toEqual([]);
});

test('an aborted program is ended', async () => {
  const stop = new AbortController();
  const running = runProgram(['sleep', '100'], { ...options, signal: stop.signal });
  stop.abort();
  expect(await running).toMatchObject({ ok: false, failure: { code: 'program_aborted' } });
  expect(await runProgram(['sleep', '100'], { ...options, signal: stop.signal })).toMatchObject({ ok: false, failure: { code: 'program_aborted' } });
  expect(mine.left()).toEqual([]);
});

test('a program that is not there is a failure', async () => {
  expect(await runProgram(['no-such-program-here'], options)).toMatchObject({ ok: false, failure: { code: 'program_not_started', kind: 'precondition' } });
});

test('a guarded program ends well like any other, and is ended with all that it started when we are killed', async () => {
  expect(await runProgram(['sh', '-c', 'echo well; exit 3'], { ...options, guarded: true })).toMatchObject({ ok: true, value: { exit_code: 3, stdout: 'well\n' } });
  const script = fileURLToPath(new URL('run-guarded-program.ts', import.meta.url));
  const orchestrator = spawn(process.execPath, [script, 'sh', '-c', `export ${mine.variable}=${mine.value}; sleep 100 & sleep 100`], { stdio: 'ignore' });
  await until('it works', () => mine.left().length >= 2);
  orchestrator.kill('SIGKILL');
  await until('nothing of it is left', () => mine.left().length === 0);
});
