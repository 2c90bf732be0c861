import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDaemonLog } from './log.ts';
import { openRotatingFile } from './rotating-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('one JSON object a line, without secrets', () => {
  const path = join(folder, 'daemon.log');
  const log = openDaemonLog(path, ['the token itself']);
  log.info('a message', { url: 'http://x', header: 'Bearer the token itself' });
  log.error('another', { stack: `at https://person:${'p'.repeat(12)}@example.org and ghp_${'a1B2'.repeat(9)}` });
  log.close();
  const text = readFileSync(path, 'utf8');
  const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([{ level: 'info', msg: 'a message', header: 'Bearer ***', time: expect.stringMatching(/^\d{4}-.*Z$/) }, { level: 'error', msg: 'another' }]);
  for (const secret of ['the token itself', 'pppp', 'ghp_']) expect(text).not.toContain(secret);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a full file makes way for a new one, and one older file is kept', () => {
  const path = join(folder, 'rotating');
  for (let round = 0; round < 2; round++) {
    const file = openRotatingFile(path, 100);
    for (let n = 0; n < 10; n++) file.write(`${round} ${n} ${'x'.repeat(35)}\n`);
    file.close();
  }
  expect(readdirSync(folder).filter((name) => name.startsWith('rotating')).toSorted()).toEqual(['rotating', 'rotating.1']);
  for (const name of [path, `${path}.1`]) expect(statSync(name).size).toBeLessThanOrEqual(100);
  expect(readFileSync(path, 'utf8').split('\n').map((line) => line.slice(0, 3)).filter(Boolean)).toEqual(['1 8', '1 9']);
});
