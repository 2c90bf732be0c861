import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, lstatSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { overwriteFile, replaceFile } from './replace-file.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'replace-file-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const permissions = (path: string): number => statSync(path).mode & 0o7777;

test('a file is made, and replaced by a new one rather than written into', () => {
  const path = join(folder, 'a');
  replaceFile(path, 'one\n');
  const before = statSync(path).ino;
  replaceFile(path, 'zwölf\n', { durable: true });
  expect(readFileSync(path, 'utf8')).toBe('zwölf\n');
  expect(statSync(path).ino).not.toBe(before);
  expect(readdirSync(folder)).toEqual(['a']);
});

test('permissions stay, whatever the umask; those asked for are given', () => {
  const path = join(folder, 'a');
  replaceFile(path, 'x', { mode: 0o600 });
  expect(permissions(path)).toBe(0o600);
  chmodSync(path, 0o666);
  replaceFile(path, 'y');
  expect(permissions(path)).toBe(0o666);
});

test('a link is replaced, what it leads to is left alone', () => {
  writeFileSync(join(folder, 'elsewhere'), 'precious');
  symlinkSync('elsewhere', join(folder, 'link'));
  linkSync(join(folder, 'elsewhere'), join(folder, 'other name'));
  for (const name of ['link', 'other name']) {
    replaceFile(join(folder, name), 'new');
    expect(lstatSync(join(folder, name)).isFile()).toBe(true);
    expect(readFileSync(join(folder, name), 'utf8')).toBe('new');
  }
  expect(readFileSync(join(folder, 'elsewhere'), 'utf8')).toBe('precious');
});

test('what cannot be replaced is left as it is, and nothing beside it', () => {
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'a', 'in it'), '');
  expect(() => replaceFile(join(folder, 'a'), 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(() => replaceFile(join(folder, 'none', 'a'), 'x')).toThrow(/ENOENT/);
  expect(readdirSync(folder)).toEqual(['a']);
});

test('a file is written over, longer and shorter, and stays the same file', () => {
  const path = join(folder, 'a');
  overwriteFile(path, 'long long long\n', { mode: 0o600 });
  const { ino } = statSync(path);
  overwriteFile(path, 'kurz ü\n');
  expect(readFileSync(path, 'utf8')).toBe('kurz ü\n');
  expect(statSync(path).ino).toBe(ino);
  expect(permissions(path)).toBe(0o600);
});

test('what stands there and is no file is not written through', () => {
  writeFileSync(join(folder, 'elsewhere'), 'precious');
  symlinkSync('elsewhere', join(folder, 'link'));
  mkdirSync(join(folder, 'folder'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  linkSync(join(folder, 'elsewhere'), join(folder, 'other name'));
  for (const name of ['link', 'folder', 'pipe', 'other name']) {
    overwriteFile(join(folder, name), 'mine');
    expect(lstatSync(join(folder, name)).isFile()).toBe(true);
    expect(readFileSync(join(folder, name), 'utf8')).toBe('mine');
  }
  expect(readFileSync(join(folder, 'elsewhere'), 'utf8')).toBe('precious');
});
