import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findProgram } from './find-program.ts';

const root = mkdtempSync(join(tmpdir(), 'find-program-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, 'a/folder'), { recursive: true });
mkdirSync(join(root, 'b'));
for (const name of ['b/tool', 'b/folder', 'here']) writeFileSync(join(root, name), '#!/bin/sh\n', { mode: 0o755 });
writeFileSync(join(root, 'a/tool'), 'not executable');
chmodSync(join(root, 'a/tool'), 0o644);
const path = `${root}/a:${root}/b`;

test('the first executable file of PATH is taken, folders and plain files are passed over', () => {
  expect(findProgram('tool', path, root)).toBe(join(root, 'b/tool'));
  expect(findProgram('folder', path, root)).toBe(join(root, 'b/folder'));
});

test('a name with a slash is a path from the working directory', () => {
  expect(findProgram('./here', path, root)).toBe(join(root, 'here'));
  expect(findProgram('./a/tool', path, root)).toBeNull();
  expect(findProgram(join(root, 'b/tool'), undefined, '/')).toBe(join(root, 'b/tool'));
});

test('an empty part of PATH does not mean the working directory', () => {
  expect(findProgram('here', `:${path}:`, root)).toBeNull();
  expect(findProgram('here', '', root)).toBeNull();
  expect(findProgram('', path, root)).toBeNull();
});
