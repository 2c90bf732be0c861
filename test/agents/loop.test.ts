import { expect, test } from 'vitest';
import { committedState } from '../rig/rig.ts';
import { createLoopRig } from './loop-rig.ts';
import { writeFileCall } from './real-agent.ts';
import type { RealKind } from './real-agent.ts';

/** A turn in which the model writes one file and says so. */
const writes = (kind: RealKind, file: string, content: string, text: string, path: (name: string) => string) => [
  { text: 'I begin.', tool: writeFileCall(kind, path(file), content), usage: { input: 1000, output: 30 } },
  { text, usage: { input: 1200, output: 10 } },
];

test.each([
  ['claude', 'codex'],
  ['gemini', 'opencode'],
  ['opencode', 'gemini'],
  ['codex', 'claude'],
] as const)('a full loop: %s plans, %s builds, each edits files by its own tools', async (planner, builder) => {
  await using world = await createLoopRig(
    { kind: planner, script: (path) => writes(planner, 'plans/plan.md', 'the plan', 'The plan is made.', path) },
    { kind: builder, script: (path) => writes(builder, 'src/work.txt', 'the work', 'The work is done.', path) },
  );
  const { rig } = world;
  const ended = await rig.run(['run', '--iterations', '1']);
  expect(ended.code, ended.stderr).toBe(0);
  expect(await rig.read('plans/plan.md')).toBe('the plan');
  expect(await rig.read('src/work.txt')).toBe('the work');

  const records = await rig.turns();
  expect(records.map((turn) => [turn.actor, turn.agent, turn.outcome])).toEqual([['galph', 'planner', 'ok'], ['ralph', 'builder', 'ok']]);
  for (const turn of records) {
    expect(turn.usage).toMatchObject({ input_tokens: 2200, output_tokens: 40 });
    expect(turn.session_id).toMatch(/^[\w-]{20,}$/);
    expect(await rig.read(turn.log ?? '')).toContain('I begin.');
  }
  expect(records.map((turn) => turn.files_changed)).toEqual([['plans/plan.md'], ['src/work.txt']]);
  expect(await rig.git('show', 'HEAD:src/work.txt')).toBe('the work');
  expect(await committedState(rig)).toMatchObject({ expected_actor: 'galph', iteration: 2 });
  // Each was asked with its own prompt.
  expect(JSON.stringify(world.galph.asked()[0]?.body)).toContain('# Plan');
  expect(JSON.stringify(world.ralph.asked()[0]?.body)).toContain('# Build');
  expect([world.galph, world.ralph].map((server) => server.asked().length)).toEqual([2, 2]);
});
