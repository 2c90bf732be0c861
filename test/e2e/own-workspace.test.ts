import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createRig } from '../rig/rig.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

test('this repository is a workspace of the product itself', async () => {
  await using rig = await createRig({ bare: true });
  const at = { cwd: PROJECT };
  expect((await rig.json(['config', 'check'], at)).document.data).toMatchObject({ valid: true, warnings: [] });
  expect((await rig.json(['state', 'show'], at)).document.data).toMatchObject({ file: 'sync/state.json', exists: true });
  expect((await rig.json(['next'], at)).document.data).toMatchObject({ actor: 'galph', selected_prompt: 'supervisor.md' });
});

test('its logs, scratch and results are ignored by git', () => {
  const paths = ['logs/main/turns.jsonl', 'tmp/x', '.orchestrator/x', 'dist/x', 'bench-results/x'];
  expect(execFileSync('git', ['check-ignore', ...paths], { cwd: PROJECT, encoding: 'utf8' }).trim().split('\n')).toEqual(paths);
});
