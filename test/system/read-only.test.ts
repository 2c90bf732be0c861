import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createRig } from '../rig/rig.ts';

// Root may write past permissions; a file system that is mounted for reading refuses it too.
test('a folder of the state that cannot be written: told before an agent is paid, exit 5', async () => {
  await using rig = await createRig();
  mkdirSync(rig.path('sync'), { recursive: true });
  await rig.write('sync/state.json', '{}\n');
  await rig.commit('a state');
  cpSync(rig.path('sync'), `${rig.root}/sync`, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', rig.path('sync')]);
  try {
    cpSync(`${rig.root}/sync`, rig.path('sync'), { recursive: true });
    execFileSync('mount', ['-o', 'remount,ro', rig.path('sync')]);
    const { code, document } = await rig.json(['run', '--once']);
    expect([code, document.error.code]).toEqual([5, 'state_unwritable']);
    expect(document.error.message).toContain(rig.path('sync'));
    expect(await rig.turns()).toEqual([]);
  } finally {
    execFileSync('umount', [rig.path('sync')]);
  }
});
