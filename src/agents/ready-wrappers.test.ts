import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { processIdentity } from '../process/identity.ts';
import { createReadyWrappers } from './ready-wrappers.ts';

const galph = { cwd: tmpdir(), env: { PATH: process.env['PATH'] ?? '', WHO: 'galph' } };
const ralph = { cwd: tmpdir(), env: { PATH: process.env['PATH'] ?? '', WHO: 'ralph' } };

test('the shell that waits is the next agent\'s, taking turns; another agent does not get it, and it is ended', async () => {
  const ready = createReadyWrappers();
  expect(ready.take(galph)).toBeNull();
  expect(ready.take(ralph)).toBeNull();
  ready.prepare();
  const fits = ready.take(galph);
  expect(fits?.pid).toBeGreaterThan(1);
  fits?.dismiss();
  await fits?.closed;
  ready.prepare();
  // ralph's was made ready.
  expect(ready.take(galph)).toBeNull();
});

test('one that nobody takes ends with its owner', async () => {
  const ready = createReadyWrappers();
  ready.take(galph);
  ready.prepare();
  const taken = ready.take(galph);
  const pid = taken?.pid ?? 0;
  expect(processIdentity(pid)).not.toBeNull();
  taken?.dismiss();
  await taken?.closed;
  expect(processIdentity(pid)).toBeNull();
});
