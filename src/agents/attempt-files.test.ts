import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { placeFiles } from './attempt-files.ts';

test('files are private and replace those of an earlier call, links too, but no folder that stands there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attempt-'));
  const at = (name: string): string => join(folder, 'home', name);
  try {
    placeFiles({ files: { [at('a/settings')]: 'one' }, links: { [at('login')]: '/first' } });
    mkdirSync(at('sessions'));
    placeFiles({ files: { [at('a/settings')]: 'two' }, links: { [at('login')]: '/second', [at('sessions')]: '/third' } });
    expect(readFileSync(at('a/settings'), 'utf8')).toBe('two');
    expect(statSync(at('a/settings')).mode & 0o777).toBe(0o600);
    expect(readlinkSync(at('login'))).toBe('/second');
    expect(lstatSync(at('sessions')).isDirectory()).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
