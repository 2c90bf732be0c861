import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sandboxProblem } from '../../src/agents/sandbox/open-sandbox.ts';
import { createLoopRig } from './loop-rig.ts';
import { writeFileCall } from './real-agent.ts';
import type { RealKind } from './real-agent.ts';
import { TOOLS_FOLDER } from './tools.ts';

/** An agent in a sandbox has a /tmp of its own: neither the tools nor the home may lie in the machine's. */
const PLACE = join(TOOLS_FOLDER, 'rigs');
const impossible = TOOLS_FOLDER.startsWith(`${tmpdir()}/`) || (await sandboxProblem()) !== null;

const before = process.env['TMPDIR'];
beforeAll(() => {
  mkdirSync(PLACE, { recursive: true });
  process.env['TMPDIR'] = PLACE;
});
afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(PLACE, { recursive: true, force: true });
});

// System tests prove the sandbox itself, and fail where there is none; here only the tools' ways are looked at.
describe('in a sandbox, with a home that no agent was ever run in', () => {
  const part = (kind: RealKind, file: string) => ({ kind, script: (path: (name: string) => string) => [{ tool: writeFileCall(kind, path(file), 'made inside') }, { text: 'Done.' }] });

  test.for([['claude', 'codex'], ['gemini', 'opencode']] as const)('%s plans and %s builds', async ([planner, builder], { skip }) => {
    skip(impossible, 'there is no bubblewrap here, or the checkout lies below the temporary folder');
    await using world = await createLoopRig(part(planner, 'plans/plan.md'), part(builder, 'src/work.txt'), { sandbox: 'auto' });
    const ended = await world.rig.run(['run', '--iterations', '1']);
    expect(ended.code, ended.stderr).toBe(0);
    expect([await world.rig.read('plans/plan.md'), await world.rig.read('src/work.txt')]).toEqual(['made inside', 'made inside']);
    expect(await world.rig.read((await world.rig.turns())[0]?.log ?? '')).toContain('in a sandbox');
  });
});
