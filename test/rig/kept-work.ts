import type { Rig } from './rig.ts';

/** Work that is kept aside under a rescue ref, as tests make it. */
export const ID = 'turn_mbx3k2r1_8f3k1z0qpw';
export const REF = `refs/orchestrator/rescue/${ID}`;

export async function addRemote(rig: Rig): Promise<void> {
  await rig.git('init', '-q', '--bare', '-b', 'main', `${rig.root}/remote.git`);
  await rig.git('remote', 'add', 'origin', `${rig.root}/remote.git`);
  await rig.git('push', '-q', 'origin', 'main');
}

/** Commits beside the branch, each with these files, and keeps the last of them; the branch and the checkout are as before. */
export async function keep(rig: Rig, commits: readonly Readonly<Record<string, string>>[], ref = REF): Promise<string> {
  await rig.git('switch', '-q', '--detach');
  for (const [index, files] of commits.entries()) {
    for (const [path, content] of Object.entries(files)) await rig.write(path, content);
    await rig.git('add', '-A');
    await rig.git('commit', '-q', '--author', 'Agent <agent@example.org>', '-m', `kept ${index + 1}`);
  }
  const kept = await rig.git('rev-parse', 'HEAD');
  await rig.git('update-ref', ref, kept);
  await rig.git('switch', '-q', 'main');
  return kept;
}
