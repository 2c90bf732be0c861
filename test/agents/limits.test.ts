import { describe, expect, test } from 'vitest';
import { createLoopRig, nobody } from './loop-rig.ts';
import { writeFileCall } from './real-agent.ts';
import type { RealKind } from './real-agent.ts';

describe('a budget', () => {
  // Both tell what a step used as soon as it is done; the model never answers after that.
  test.concurrent.each(['claude', 'opencode'] as const)('of tokens ends %s in mid-turn: exit 8', async (kind) => {
    const script = (path: (name: string) => string) => [{ tool: writeFileCall(kind, path('plans/plan.md'), 'x'), usage: { input: 5000, output: 100 } }, { hang: true as const }];
    await using world = await createLoopRig({ kind, script }, nobody, { budget: { turn: { max_tokens: 3000 } } });
    const ended = await world.rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(8);
    expect((await world.rig.turns())[0]).toMatchObject({ outcome: 'failed', failure: { code: 'budget' } });
  });

  // These tell it when the turn is done, which then counts.
  test.concurrent.each(['codex', 'gemini'] as const)('of tokens ends the run after the turn of %s: exit 8', async (kind) => {
    const script = (path: (name: string) => string) => [{ tool: writeFileCall(kind, path('plans/plan.md'), 'x'), usage: { input: 5000, output: 100 } }, { text: 'Done.' }];
    await using world = await createLoopRig({ kind, script }, nobody, { budget: { max_tokens: 3000 } });
    const ended = await world.rig.run(['run', '--iterations', '1']);
    expect(ended.code, ended.stderr).toBe(8);
    expect(world.ralph.asked()).toEqual([]);
  });

  test.concurrent('of money ends the run of claude, which tells its cost: exit 8', async () => {
    const script = (path: (name: string) => string) => [{ tool: writeFileCall('claude', path('plans/plan.md'), 'x'), usage: { input: 50_000, output: 1000 } }, { text: 'Done.' }];
    await using world = await createLoopRig({ kind: 'claude', script }, nobody, { budget: { max_cost_usd: 0.01 } });
    const ended = await world.rig.run(['run', '--iterations', '1']);
    expect(ended.code, ended.stderr).toBe(8);
    expect((await world.rig.turns())[0]?.usage.cost_usd).toBeGreaterThan(0.01);
    expect(world.ralph.asked()).toEqual([]);
  });
});

describe('a usage limit', () => {
  const LOGIN = { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-dummy' };
  const limited = (seconds: number) => ({
    status: 429,
    headers: {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String(Math.ceil(Date.now() / 1000) + seconds),
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
    },
    body: { type: 'error', error: { type: 'rate_limit_error', message: 'You are at your limit' } },
  });

  test.concurrent('of claude that says when it ends is waited for, and the same session goes on', async () => {
    const script = (path: (name: string) => string) => [{ text: 'I begin.', tool: writeFileCall('claude', path('plans/begun.md'), 'x') }, limited(6), { tool: writeFileCall('claude', path('plans/plan.md'), 'after') }, { text: 'Done.' }];
    await using world = await createLoopRig({ kind: 'claude', script, env: LOGIN }, nobody);
    const ended = await world.rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('usage limit');
    expect(await world.rig.read('plans/plan.md')).toBe('after');
    // What it had said before the limit was known after it.
    expect(JSON.stringify(world.galph.asked()[2]?.body)).toContain('I begin.');
    expect((await world.rig.turns()).map((turn) => turn.outcome)).toEqual(['ok']);
  });

  test.concurrent.each([
    ['codex', { error: { type: 'usage_limit_reached', message: 'limit', plan_type: 'plus', resets_at: Math.ceil(Date.now() / 1000) + 3600 } }],
    ['gemini', { error: { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED', details: [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }] }] } }],
  ] as [RealKind, unknown][])('of %s, which does not say when it ends to a program, ends the run: exit 8', async (kind, body) => {
    await using world = await createLoopRig({ kind, script: () => [{ status: 429, body }] }, nobody);
    const { code, document } = await world.rig.json(['run', '--once']);
    expect(code).toBe(8);
    expect(document.error).toMatchObject({ code: 'usage_limit', kind: 'limit' });
  });
});
