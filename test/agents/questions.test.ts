import { describe, expect, test } from 'vitest';
import { until } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';
import { createLoopRig, nobody } from './loop-rig.ts';
import { KINDS, ourToolCall, writeFileCall } from './real-agent.ts';

const open = async (rig: Rig): Promise<{ unit: string; question: string }[]> => (await rig.json<{ items: { unit: string; question: string }[] }>(['attention'])).document.data.items;

describe('a question by our tool', () => {
  test.concurrent.each(KINDS)('of %s waits for a person, and the answer reaches the model', async (kind) => {
    const script = (path: (name: string) => string) => [{ tool: ourToolCall(kind, 'ask_operator', { question: 'Which colour?' }) }, { tool: writeFileCall(kind, path('plans/plan.md'), 'as told') }, { text: 'Done.' }];
    await using world = await createLoopRig({ kind, script }, nobody);
    const { rig } = world;
    const run = rig.start(['run', '--once']);
    await until('it asks', async () => (await open(rig)).length === 1, 90_000);
    const [item] = await open(rig);
    expect(item?.question).toBe('Which colour?');
    expect((await rig.run(['answer', item?.unit ?? '', 'ultramarine'])).code).toBe(0);
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(JSON.stringify(world.galph.asked()[1]?.body)).toContain('ultramarine');
    expect(await rig.read('plans/plan.md')).toBe('as told');
  });

  test.concurrent.each(KINDS)('of %s that nobody answers in time: exit 7, and the next run goes on with the same session', async (kind) => {
    const script = (path: (name: string) => string) => [
      { text: 'I begin with mellon.', tool: ourToolCall(kind, 'ask_operator', { question: 'Which colour?' }) },
      { text: 'I wait.' },
      { tool: writeFileCall(kind, path('plans/plan.md'), 'as told') },
      { text: 'Done.' },
    ];
    await using world = await createLoopRig({ kind, script }, nobody, { limits: { question_wait: '1s' } });
    const { rig } = world;
    expect((await rig.run(['run', '--once'])).code).toBe(7);
    const [item] = await open(rig);
    expect((await rig.run(['answer', item?.unit ?? '', 'ultramarine'])).code).toBe(0);
    const ended = await rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(0);
    const resumed = JSON.stringify(world.galph.asked()[2]?.body);
    for (const words of ['ultramarine', 'mellon']) expect(resumed).toContain(words);
    expect(await rig.read('plans/plan.md')).toBe('as told');
    const [first, second] = await rig.turns();
    expect([first?.outcome, second?.outcome, second?.session_id]).toEqual(['blocked', 'ok', first?.session_id]);
  });
});

test('the outcome by our tool counts: the whole job is done', async () => {
  const script = (path: (name: string) => string) => [{ tool: writeFileCall('claude', path('plans/plan.md'), 'x') }, { tool: ourToolCall('claude', 'report_outcome', { outcome: 'complete', summary: 'nothing is left' }) }, { text: 'Done.' }];
  await using world = await createLoopRig({ kind: 'claude', script }, nobody);
  const ended = await world.rig.run(['run', '--iterations', '3']);
  expect(ended.code, ended.stderr).toBe(0);
  expect(await world.rig.state()).toMatchObject({ exit: true, exit_reason: 'nothing is left' });
});
