import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { programFolders } from './programs.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync('/tmp/programs-');
  for (const name of ['mine', 'own/src', 'clone/node_modules/.bin', 'clone/node_modules/tool/bin', 'elsewhere']) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['mine/agent', 'own/src/player.ts', 'clone/node_modules/tool/bin/tool.js', 'elsewhere/real']) writeFileSync(join(folder, name), '');
  symlinkSync('../tool/bin/tool.js', join(folder, 'clone/node_modules/.bin/tool'));
  symlinkSync('../elsewhere/real', join(folder, 'mine/linked'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const shown = (argv: string[], own = '/opt/own'): string[] => programFolders(argv, own).filter((each) => each.startsWith(folder)).map((each) => each.slice(folder.length + 1));

test('a program in /tmp is seen with what is beside it, a package with those that it needs', () => {
  expect(shown([join(folder, 'mine/agent'), '--flag', '/tmp/not-there'])).toEqual(['mine']);
  expect(shown([join(folder, 'mine/linked')])).toEqual(['mine', 'elsewhere']);
  expect(shown([join(folder, 'clone/node_modules/.bin/tool')])).toEqual(['clone/node_modules']);
});

test('so are we ourselves, checked out or installed', () => {
  expect(shown([join(folder, 'own/src/player.ts')], join(folder, 'own'))).toEqual(['own']);
  expect(shown([], join(folder, 'clone/node_modules/tool'))).toEqual(['clone/node_modules']);
});

test('what lies elsewhere is seen anyway, and /tmp never as a whole', () => {
  expect(programFolders(['/bin/sh', 'tool'], '/opt/own').filter((each) => !each.includes('node_modules'))).toEqual([]);
  expect(programFolders(['/tmp'], '/tmp')).not.toContain('/tmp');
});
