import { symlink } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createRig } from '../rig/rig.ts';

interface Installed {
  installed: { path: string }[];
  kept: { path: string; why: string }[];
}

test('instructions for agents are laid where they look, brought up to date, and never over what a person wrote', async () => {
  await using rig = await createRig();
  const first = await rig.json<Installed>(['skills', 'install']);
  expect(first.document.data.installed.map((each) => each.path)).toEqual(['.claude/skills/orchestrator/SKILL.md', '.agents/skills/orchestrator/SKILL.md']);
  const text = await rig.read('.agents/skills/orchestrator/SKILL.md');
  expect(text).toMatch(/^---\nname: orchestrator\ndescription: .+\n---\n/);
  expect((await rig.json<Installed>(['skills', 'install'])).document.data).toMatchObject({ installed: [], kept: [{ why: 'it is there already' }, { why: 'it is there already' }] });
  await rig.write('.claude/skills/orchestrator/SKILL.md', '# Mine\n');
  expect((await rig.json<Installed>(['skills', 'install'])).document.data.kept[0]).toEqual({ path: '.claude/skills/orchestrator/SKILL.md', why: 'somebody wrote or changed it' });
  expect(await rig.read('.claude/skills/orchestrator/SKILL.md')).toBe('# Mine\n');
});

test('a link is not followed out of the workspace', async () => {
  await using rig = await createRig();
  await rig.write('../elsewhere/x', '');
  await symlink('../elsewhere', rig.path('.claude'));
  expect((await rig.json<Installed>(['skills', 'install'])).document.data.kept).toEqual([{ path: '.claude/skills/orchestrator/SKILL.md', why: '.claude is a link' }]);
  expect(rig.exists('../elsewhere/skills')).toBe(false);
});
