import { expect, test } from 'vitest';
import { logText } from './log-text.ts';

test('events as a person reads them', () => {
  expect(logText({ type: 'session_started', session_id: 's1', model: 'm' })).toBe('[session s1, m]');
  expect(logText({ type: 'message', text: 'two\nlines' })).toBe('two\nlines');
  expect(logText({ type: 'tool_call', name: 'Bash', input: { command: 'ls' } })).toBe('> Bash {"command":"ls"}');
  expect(logText({ type: 'tool_result', is_error: true, text: 'a\nb\n' })).toBe('< failed: a\n  b');
  expect(logText({ type: 'rate_limited', resets_at: '2026-01-01T00:00:00.000Z' })).toBe('[usage limit until 2026-01-01T00:00:00.000Z]');
  expect(logText({ type: 'error', class: 'auth', message: 'no' })).toBe('[error, auth: no]');
  expect(logText({ type: 'raw', stream: 'stderr', text: 'oops' })).toBe('! oops');
  expect(logText({ type: 'usage', input_tokens: 1, output_tokens: 1, cost_usd: null })).toBeNull();
});

test('what a tool was given and gave back is cut', () => {
  expect(logText({ type: 'tool_call', name: 'x', input: 'y'.repeat(1000) })?.length).toBeLessThan(500);
  expect(logText({ type: 'tool_result', is_error: false, text: 'y'.repeat(10_000) })).toMatch(/y \[6000 characters more\]$/);
  expect(logText({ type: 'tool_call', name: 'x', input: undefined })).toBe('> x ');
});
