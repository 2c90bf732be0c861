import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { openCappedFile } from './capped-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'capped-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(at(name), 'utf8');

test('everything arrives, in order, however the writes fall', async () => {
  const file = openCappedFile(at('all'), 1e9, 'marker\n');
  let all = '';
  for (let index = 0; index < 100_000; index += 1) {
    const line = `line ${index} ü\n`;
    all += line;
    file.write(line, index % 5000 === 0);
    if (index % 1000 === 0) await file.busy();
  }
  await file.close();
  expect(text('all')).toBe(all);
});

test('a reader sees what was written soon after, and the file goes on from there', async () => {
  const file = openCappedFile(at('soon'), 1000, 'marker\n');
  file.write('a\n');
  await vi.waitFor(() => expect(text('soon')).toBe('a\n'));
  file.write('b\n');
  await file.close();
  expect(text('soon')).toBe('a\nb\n');
});

test('over the cap there is one marker, and after it only what is always needed', async () => {
  const file = openCappedFile(at('cap'), 20, 'marker\n');
  for (const line of ['0123456789\n', '0123456789\n', 'x\n']) file.write(line);
  expect(file.full()).toBe(true);
  file.write('end\n', true);
  await file.close();
  expect(text('cap')).toBe('0123456789\nmarker\nend\n');
});

test('a file that cannot be written is told at its end and holds nobody up', async () => {
  const file = openCappedFile(at('no/such/folder/file'), 1000, 'marker\n');
  file.write('a\n', true);
  for (let index = 0; index < 10; index += 1) await file.busy();
  file.write('b\n');
  await expect(file.close()).rejects.toMatchObject({ code: 'ENOENT' });
});

test('one that was never written to closes as well', async () => {
  await openCappedFile(at('never'), 1000, 'marker\n').close();
});
