import { expect, test } from 'vitest';
import { isAllowed } from './gate.ts';
import { hostsOf } from './hosts.ts';

test('hosts by name, below a name, and with a port alone', () => {
  const list = ['example.org', '*.Anthropic.com', '127.0.0.1:4000'];
  expect(isAllowed('example.org', '443', list)).toBe(true);
  expect(isAllowed('EXAMPLE.org.', '80', list)).toBe(true);
  expect(isAllowed('www.example.org', '443', list)).toBe(false);
  expect(isAllowed('api.anthropic.com', '443', list)).toBe(true);
  expect(isAllowed('anthropic.com', '443', list)).toBe(false);
  expect(isAllowed('evilanthropic.com', '443', list)).toBe(false);
  expect([isAllowed('127.0.0.1', '4000', list), isAllowed('127.0.0.1', '22', list)]).toEqual([true, false]);
});

test('an address that a person set for an agent is one place', () => {
  expect(hostsOf('command', { ANTHROPIC_BASE_URL: 'http://127.0.0.1:4000/v1', OTHER_BASE_URL: 'https://gateway.example.org', NOT_A_URL: 'x', BROKEN_BASE_URL: 'nothing' })).toEqual(['127.0.0.1:4000', 'gateway.example.org:443']);
});
