import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { WORKING_AGENT, committedState, createRig } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

async function withRemote(agent = WORKING_AGENT): Promise<Rig> {
  const rig = await createRig({ agent });
  await rig.git('init', '-q', '--bare', '-b', 'main', `${rig.root}/remote.git`);
  await rig.git('remote', 'add', 'origin', `${rig.root}/remote.git`);
  await rig.git('push', '-q', 'origin', 'main');
  return rig;
}

const claimOnRemote = async (rig: Rig): Promise<Record<string, unknown>> => JSON.parse(await rig.git('-C', `${rig.root}/remote.git`, 'show', 'refs/orchestrator/turn/main:claim.json'));

/** Shell lines that put somebody else's live claim on the remote. */
const foreignClaim = (rig: Rig): string => {
  const claim = { owner: 'somebody', host: 'elsewhere', pid: 7, actor: 'ralph', iteration: 1, turn_id: 't', attempt: 1, nonce: 'n', renewal: 1, lease_seconds: 90, phase: 'held', base: 'b' };
  return `cd "${rig.root}/remote.git"; blob=$(echo '${JSON.stringify(claim)}' | git hash-object -w --stdin); tree=$(printf '100644 blob %s\\tclaim.json\\n' "$blob" | git mktree); commit=$(git commit-tree "$tree" -m claim); git update-ref refs/orchestrator/turn/main "$commit"`;
};

test('every turn is pushed with its claim released', async () => {
  await using rig = await withRemote();
  expect((await rig.run(['run', '--iterations', '1', '--push'])).code).toBe(0);
  expect(await rig.git('ls-remote', 'origin', 'refs/heads/main')).toContain(await rig.git('rev-parse', 'HEAD'));
  expect(await claimOnRemote(rig)).toMatchObject({ phase: 'released', actor: 'ralph', iteration: 1, lease_seconds: 90, owner: expect.any(String), nonce: expect.any(String), attempt: 1 });
  expect(await rig.git('rev-list', '--count', 'main')).toBe('5');
});

test('a claim that somebody else holds: exit 4, nothing was begun', async () => {
  await using rig = await withRemote();
  await rig.script('../claim.sh', foreignClaim(rig));
  const { execFileSync } = await import('node:child_process');
  execFileSync(`${rig.root}/claim.sh`, { env: { ...rig.env } });
  const head = await rig.git('rev-parse', 'HEAD');
  const { code, document } = await rig.json(['run', '--once', '--push']);
  expect(code).toBe(4);
  expect(document.error).toMatchObject({ code: 'claim_held', details: { claim: { host: 'elsewhere' } } });
  expect(await rig.git('rev-parse', 'HEAD')).toBe(head);
  expect(await rig.turns()).toEqual([]);
  expect((await rig.json(['handoff', 'galph', 'ok'])).code).toBe(4);
});

test('a claim that is lost during the turn: nothing is pushed past it', async () => {
  await using rig = await withRemote();
  await rig.script('agent.sh', `${WORKING_AGENT}(${foreignClaim(rig)})\n`);
  await rig.git('commit', '-q', '-am', 'takes the claim');
  await rig.git('push', '-q', 'origin', 'main');
  const before = await rig.git('ls-remote', 'origin', 'refs/heads/main');
  const { code, document } = await rig.json(['run', '--once', '--push']);
  expect(code).toBe(4);
  expect(document.error.code).toBe('lease_lost');
  expect(await rig.git('ls-remote', 'origin', 'refs/heads/main')).toBe(before);
  expect(await claimOnRemote(rig)).toMatchObject({ owner: 'somebody', phase: 'held' });
});

test('somebody pushed in between: exit 4, the work is committed here, the claim is given back', async () => {
  await using rig = await withRemote();
  await rig.write('old.txt', 'AKIAIOSFODNN7EXAMPLE\n');
  await rig.commit('an old key, long pushed');
  await rig.git('push', '-q', 'origin', 'main');
  await rig.git('clone', '-q', `${rig.root}/remote.git`, `${rig.root}/other`);
  await rig.script('agent.sh', `${WORKING_AGENT}[ -e "$HOME/done" ] || { : > "$HOME/done"; cd "${rig.root}/other" && git commit -q --allow-empty -m other && git push -q origin main; }\n`);
  await rig.git('commit', '-q', '-am', 'agent');
  await rig.git('push', '-q', 'origin', 'main');
  await rig.git('-C', `${rig.root}/other`, 'pull', '-q');
  const { code, document } = await rig.json(['run', '--once', '--push']);
  expect(code).toBe(4);
  expect(document.error.code).toBe('branch_moved');
  expect(await committedState(rig)).toMatchObject({ expected_actor: 'ralph' });
  expect(await claimOnRemote(rig)).toMatchObject({ phase: 'released' });
  await rig.git('pull', '-q', '--rebase', 'origin', 'main');
  expect((await rig.run(['run', '--once', '--push'])).code).toBe(0);
});

describe('a remote that cannot do it', () => {
  test('none, one that does not answer, one whose hook refuses', async () => {
    await using rig = await createRig();
    expect((await rig.json(['run', '--push'])).document.error.code).toBe('no_remote');
    await rig.git('remote', 'add', 'origin', `${rig.root}/nothing.git`);
    const away = await rig.json(['run', '--push']);
    expect([away.code, away.document.error.code]).toEqual([6, 'remote_unavailable']);
    await rig.git('init', '-q', '--bare', '-b', 'main', `${rig.root}/nothing.git`);
    await rig.git('push', '-q', 'origin', 'main');
    await writeFile(`${rig.root}/nothing.git/hooks/pre-receive`, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const refused = await rig.json(['run', '--push', '--once']);
    expect([refused.code, refused.document.error.code]).toEqual([5, 'remote_not_able']);
    expect(await rig.turns()).toEqual([]);
  });

  test("commits of the person's that are not on the remote refuse the start with exit 5", async () => {
    await using rig = await withRemote();
    await rig.write('mine.txt', 'x');
    await rig.commit('mine');
    const { code, document } = await rig.json(['run', '--push', '--once']);
    expect([code, document.error.code]).toEqual([5, 'unpushed_commits']);
  });
});

test("an agent's own commits that could not be pushed yet are the loop's, after a crash and after a run without --push", async () => {
  await using rig = await withRemote('cat > /dev/null\nmkdir -p plans; echo "$ORCHESTRATOR_TURN_ID" >> plans/p.md; git add -A; git commit -q -m "its own"\n');
  expect((await rig.run(['run', '--once', '--push'], { env: { ORCHESTRATOR_CRASH_AT: 'agent-exited' } })).signal).toBe('SIGKILL');
  expect((await rig.run(['run', '--once', '--push'])).code).toBe(0);
  expect((await rig.run(['run', '--once'])).code).toBe(0);
  expect((await rig.run(['run', '--once', '--push'])).code).toBe(0);
  expect(await rig.git('ls-remote', 'origin', 'refs/heads/main')).toContain(await rig.git('rev-parse', 'HEAD'));
});

test('handoff pushes its stamp, --no-push does not', async () => {
  await using rig = await withRemote();
  expect((await rig.json(['handoff', 'galph', 'ok'])).document.data).toMatchObject({ pushed: true });
  expect(await rig.git('ls-remote', 'origin', 'refs/heads/main')).toContain(await rig.git('rev-parse', 'HEAD'));
  expect((await rig.json(['handoff', 'ralph', 'ok', '--no-push'])).document.data).toMatchObject({ pushed: false });
});

test('handoff in a checkout that is merely behind stamps on what the remote has', async () => {
  await using rig = await withRemote();
  await rig.git('clone', '-q', `${rig.root}/remote.git`, `${rig.root}/other`);
  expect((await rig.run(['handoff', 'galph', 'ok'], { cwd: `${rig.root}/other` })).code).toBe(0);
  expect((await rig.json(['handoff', 'ralph', 'ok'])).document).toMatchObject({ ok: true, data: { pushed: true } });
  expect(await committedState(rig)).toMatchObject({ iteration: 2, expected_actor: 'galph' });
});
