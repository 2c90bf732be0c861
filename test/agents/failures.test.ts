import { describe, expect, test } from 'vitest';
import { committedState, processesOf, until } from '../rig/rig.ts';
import { createLoopRig, nobody, toolProcesses } from './loop-rig.ts';
import type { Part } from './loop-rig.ts';
import type { Reply } from './model-server.ts';
import { KINDS, writeFileCall } from './real-agent.ts';
import type { RealKind } from './real-agent.ts';

/** An answer with an error as the kind's usual server words it. */
function failing(kind: RealKind, status: number, name: Readonly<Record<'claude' | 'gemini' | 'other', string>>): Reply {
  const message = 'The server will not';
  const body = kind === 'gemini' ? { error: { code: status, message, status: name.gemini } } : kind === 'claude' ? { type: 'error', error: { type: name.claude, message } } : { error: { type: name.other, message } };
  // Told so, they try again at once or not at all, where they would take minutes.
  return { status, headers: { 'retry-after-ms': '1', 'x-should-retry': 'false' }, body };
}

const ERRORS = {
  rate_limit: [429, { claude: 'rate_limit_error', gemini: 'RESOURCE_EXHAUSTED', other: 'rate_limit_error' }],
  overloaded: [503, { claude: 'overloaded_error', gemini: 'UNAVAILABLE', other: 'server_error' }],
  auth: [401, { claude: 'authentication_error', gemini: 'UNAUTHENTICATED', other: 'invalid_api_key' }],
} as const;

const galph = (kind: RealKind, script: Part['script'], env?: Part['env']): Part => ({ kind, script, ...(env === undefined ? {} : { env }) });

describe.each(KINDS)('%s', (kind) => {
  test.concurrent.each(Object.keys(ERRORS) as (keyof typeof ERRORS)[])('an answer of the class %s ends the turn with it', async (kindOfError) => {
    const [status, name] = ERRORS[kindOfError];
    await using world = await createLoopRig(galph(kind, () => [failing(kind, status, name)]), nobody);
    const { rig } = world;
    const ended = await rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(1);
    const [turn] = await rig.turns();
    expect(turn).toMatchObject({ outcome: 'failed', failure: { code: 'agent_error', message: expect.stringContaining(`failed (${kindOfError}):`) } });
    expect(await committedState(rig)).toMatchObject({ status: 'failed', expected_actor: 'galph', iteration: 1 });
    expect(world.galph.asked().length).toBeGreaterThan(0);
  });

  test.concurrent('an agent that dies in mid-turn fails it, and its work so far is kept', async () => {
    await using world = await createLoopRig(galph(kind, (path) => [{ tool: writeFileCall(kind, path('plans/plan.md'), 'half a plan') }, { hang: true }]), nobody);
    const { rig } = world;
    const running = rig.start(['run', '--once']);
    await until('the model was asked again', () => world.galph.asked().length === 2, 60_000);
    for (const pid of await toolProcesses(rig)) process.kill(pid, 'SIGKILL');
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(1);
    expect((await rig.turns())[0]).toMatchObject({ outcome: 'failed', failure: { code: 'agent_exit' } });
    expect(await rig.read('plans/plan.md')).toBe('half a plan');
    expect(await processesOf(rig.root)).toEqual([]);
  });
});

// Beside each other, since all that they do is wait.
describe('a model that never answers', () => {
  test.concurrent.each(KINDS)('is a stall of %s, of which nothing is left', async (kind) => {
    // opencode says nothing before its first answer, not even that it has begun.
    await using world = await createLoopRig(galph(kind, () => [{ hang: true }]), nobody, { limits: { stall_timeout: '20s' } });
    const { rig } = world;
    const ended = await rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(1);
    expect((await rig.turns())[0]).toMatchObject({ failure: { code: 'agent_stalled' } });
    expect(world.galph.asked()).toHaveLength(1);
    expect(await processesOf(rig.root)).toEqual([]);
  });
});

describe('a connection that is cut in the midst of an answer', () => {
  // They ask again by themselves.
  test.concurrent.each(['claude', 'opencode'] as const)('%s asks again and ends well', async (kind) => {
    await using world = await createLoopRig(galph(kind, (path) => [{ drop: true, text: 'I was saying' }, { tool: writeFileCall(kind, path('plans/plan.md'), 'whole') }, { text: 'Done.' }]), nobody);
    const ended = await world.rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(await world.rig.read('plans/plan.md')).toBe('whole');
    expect(world.galph.asked()).toHaveLength(3);
  });

  // Here they were told not to try again.
  test.concurrent.each(['codex', 'gemini'] as const)('%s ends the turn as a failure of the network', async (kind) => {
    await using world = await createLoopRig(galph(kind, () => [{ drop: true, text: 'I was saying' }]), nobody);
    expect((await world.rig.run(['run', '--once'])).code).toBe(1);
    expect((await world.rig.turns())[0]).toMatchObject({ failure: { code: 'agent_error', message: expect.stringContaining('failed (network):') } });
  });
});
