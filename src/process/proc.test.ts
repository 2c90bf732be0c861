import { expect, test } from 'vitest';
import { parsePs, parseStat } from './proc.ts';

test('the command name may hold spaces and brackets', () => {
  const rest = 'S 1 4242 4242 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 1000 10';
  expect(parseStat(`77 (a b) (c)) ${rest}`)).toEqual({ pid: 77, group: 4242, zombie: false, started: '987654' });
  expect(parseStat(`78 (x) ${rest.replace('S', 'Z')}`)).toMatchObject({ zombie: true });
});

test('a text that is no stat line gives nothing', () => {
  expect(parseStat('')).toBeNull();
  expect(parseStat('12 (half')).toBeNull();
});

test('lines of ps', () => {
  expect(parsePs('  501   500 Ss   Mon Jan  5 10:00:00 2026\n  502   500 Z+   Mon Jan  5 10:00:01 2026 \ngarbage\n')).toEqual([
    { pid: 501, group: 500, zombie: false, started: 'Mon Jan  5 10:00:00 2026' },
    { pid: 502, group: 500, zombie: true, started: 'Mon Jan  5 10:00:01 2026' },
  ]);
});
