import { expect, test } from 'vitest';
import { decideLimit } from './usage-limit.ts';
import type { LimitPolicy, LimitReached } from './usage-limit.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const inSeconds = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
const reached: LimitReached = { agent: 'claude', resets_at: inSeconds(60), session_id: 's', waited: false, spent: ['claude'] };
const policy: LimitPolicy = { on_usage_limit: 'wait', max_limit_wait: null, fallback: [] };

test('a limit that says when it ends is waited for, once; a moment longer, as clocks differ', () => {
  expect(decideLimit(reached, policy, NOW)).toEqual({ act: 'wait', until: inSeconds(61) });
  expect(decideLimit({ ...reached, resets_at: inSeconds(-5) }, policy, NOW)).toEqual({ act: 'wait', until: inSeconds(1) });
  expect(decideLimit({ ...reached, waited: true }, policy, NOW)).toMatchObject({ act: 'fail', failure: { code: 'usage_limit', kind: 'limit', message: expect.stringContaining('once already') } });
});

test('what is not waited for: no reset time, longer than allowed, or not wanted', () => {
  expect(decideLimit({ ...reached, resets_at: null }, policy, NOW)).toMatchObject({ act: 'fail', failure: { details: { resets_at: null } } });
  expect(decideLimit(reached, { ...policy, max_limit_wait: 59_000 }, NOW)).toMatchObject({ act: 'fail', failure: { message: expect.stringContaining('max_limit_wait') } });
  expect(decideLimit(reached, { ...policy, max_limit_wait: 60_000 }, NOW).act).toBe('wait');
  expect(decideLimit(reached, { ...policy, on_usage_limit: 'fail' }, NOW).act).toBe('fail');
});

test('switch goes to the next agent of the list that has not come to its own limit', () => {
  const switching: LimitPolicy = { ...policy, on_usage_limit: 'switch', fallback: ['codex', 'claude', 'gemini'] };
  expect(decideLimit(reached, switching, NOW)).toEqual({ act: 'switch', agent: 'codex' });
  expect(decideLimit({ ...reached, spent: ['claude', 'codex'] }, switching, NOW)).toEqual({ act: 'switch', agent: 'gemini' });
  expect(decideLimit({ ...reached, spent: ['claude', 'codex', 'gemini'] }, switching, NOW).act).toBe('fail');
  expect(decideLimit(reached, { ...switching, fallback: [] }, NOW)).toMatchObject({ failure: { message: expect.stringContaining('names nobody') } });
});
