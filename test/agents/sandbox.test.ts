import { describe, expect, test } from 'vitest';
import { sandboxProblem } from '../../src/agents/sandbox/open-sandbox.ts';
import { createLoopRig } from './loop-rig.ts';
import { writeFileCall } from './real-agent.ts';
import type { RealKind } from './real-agent.ts';

const problem = await sandboxProblem();

// System tests prove the sandbox itself, and fail where there is none; here only the tools' ways are looked at.
describe('in a sandbox, with a home that no agent was ever run in', () => {
  const part = (kind: RealKind, file: string) => ({ kind, script: (path: (name: string) => string) => [{ tool: writeFileCall(kind, path(file), 'made inside') }, { text: 'Done.' }] });

  test.for([['claude', 'codex'], ['gemini', 'opencode']] as const)('%s plans and %s builds', async ([planner, builder], { skip }) => {
    skip(problem !== null, problem ?? '');
    await using world = await createLoopRig(part(planner, 'plans/plan.md'), part(builder, 'src/work.txt'), { sandbox: 'auto' });
    const ended = await world.rig.run(['run', '--iterations', '1']);
    expect(ended.code, ended.stderr).toBe(0);
    expect([await world.rig.read('plans/plan.md'), await world.rig.read('src/work.txt')]).toEqual(['made inside', 'made inside']);
    expect(await world.rig.read((await world.rig.turns())[0]?.log ?? '')).toContain('in a sandbox');
  });
});
