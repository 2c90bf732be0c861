import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listRemote, pushAll } from '../../../src/git/push.ts';
import type { PushedRef } from '../../../src/git/push.ts';
import { lookAtRemote, withoutPassword } from '../../../src/git/remote.ts';
import { createRig, processesOf, until } from '../rig.ts';
import type { OpenRemote } from './bare.ts';
import { TURN, checkoutOf, claim, claimOf, createWorld, refsOf } from './world.ts';

/** What a hand-off needs of any remote, told over one way to reach it. */
export function testHandOffOver(name: string, open: OpenRemote): void {
  describe(`over ${name}`, () => {
    test('it is looked at without being changed', async () => {
      await using world = await createWorld(open);
      const git = await world.checkout('one');
      expect(await lookAtRemote(git, 'origin')).toEqual({ name: 'origin', url: withoutPassword(world.remote.url), reachable: true, atomic: true, problem: null });
      expect(await refsOf(world.remote)).toEqual({});
    });

    test('what is pushed is listed, and more than one request holds arrives whole', async () => {
      await using world = await createWorld(open);
      const git = await world.checkout('one');
      // More than git sends in one piece (http.postBuffer), and nothing that could be made smaller.
      const bytes = randomBytes(3 * 1024 * 1024).toString('base64');
      await writeFile(join(git.directory, 'big.txt'), bytes);
      await git.run(['add', '-A']);
      await git.run(['commit', '-q', '-m', 'big']);
      const head = (await git.run(['rev-parse', 'HEAD'])).trim();
      expect(await pushAll(git, 'origin', claimOf(head, head, ''))).toEqual({ kind: 'done' });
      expect(await listRemote(git, 'origin', ['refs/heads/main', TURN, 'refs/heads/none'])).toEqual({ refs: new Map([['refs/heads/main', head], [TURN, head]]) });
      const other = await world.checkout('two');
      await other.run(['fetch', '-q', 'origin', 'main']);
      await other.run(['reset', '-q', '--hard', 'FETCH_HEAD']);
      expect(await readFile(join(other.directory, 'big.txt'), 'utf8')).toBe(bytes);
    });

    test('of two that expect the same, the later is refused and leaves nothing', async () => {
      await using world = await createWorld(open);
      const [one, two] = [await world.checkout('one'), await world.checkout('two')];
      const [first, second] = [await claim(one, 'one'), await claim(two, 'two')];
      expect(await pushAll(one, 'origin', claimOf(first, first, ''))).toEqual({ kind: 'done' });
      expect(await pushAll(two, 'origin', [{ from: second, to: 'refs/heads/two' }, { from: second, to: TURN, expect: '' }])).toMatchObject({ kind: 'refused', problem: expect.stringContaining(TURN) });
      expect(await refsOf(world.remote)).toEqual({ 'refs/heads/main': first, [TURN]: first });
      // Whoever has seen the first claim may follow it, once.
      await two.run(['fetch', '-q', 'origin', TURN]);
      const next: PushedRef[] = [{ from: second, to: 'refs/heads/two' }, { from: second, to: TURN, expect: first }];
      expect(await pushAll(two, 'origin', next)).toEqual({ kind: 'done' });
      expect(await pushAll(one, 'origin', [{ from: first, to: TURN, expect: first }])).toMatchObject({ kind: 'refused' });
    });

    test('of two at the same moment, one wins', async () => {
      await using world = await createWorld(open);
      const sides = await Promise.all(['one', 'two'].map(async (side) => {
        const git = await world.checkout(side);
        return { side, git, id: await claim(git, side) };
      }));
      for (let round = 0; round < 3; round += 1) {
        const turn = `refs/orchestrator/turn/${round}`;
        const outcomes = await Promise.all(sides.map(({ side, git, id }) => pushAll(git, 'origin', [{ from: id, to: `refs/heads/${side}-${round}`, expect: '' }, { from: id, to: turn, expect: '' }])));
        expect(outcomes.map(({ kind }) => kind).toSorted(), JSON.stringify(outcomes)).toEqual(['done', 'refused']);
        const winner = sides[outcomes.findIndex(({ kind }) => kind === 'done')];
        expect(Object.entries(await refsOf(world.remote)).filter(([ref]) => ref.endsWith(String(round)))).toEqual([[`refs/heads/${winner?.side}-${round}`, winner?.id], [turn, winner?.id]]);
      }
    });

    test('one that is down is told as such, and one that is up again is used', async () => {
      await using world = await createWorld(open);
      const git = await world.checkout('one');
      const id = await claim(git, 'one');
      await world.remote.down();
      expect(await lookAtRemote(git, 'origin')).toMatchObject({ reachable: false, atomic: false, problem: expect.stringMatching(/^fatal: /) });
      expect(await listRemote(git, 'origin', [TURN])).toEqual({ problem: expect.stringMatching(/^fatal: /) });
      expect(await pushAll(git, 'origin', claimOf(id, id, ''))).toEqual({ kind: 'unanswered', problem: expect.stringMatching(/^fatal: /) });
      await world.remote.up();
      expect(await lookAtRemote(git, 'origin')).toMatchObject({ reachable: true, atomic: true });
      expect(await pushAll(git, 'origin', claimOf(id, id, ''))).toEqual({ kind: 'done' });
    });

    test('one without atomic pushes is told when it is looked at, and a push of several refs leaves nothing', async () => {
      await using world = await createWorld(open, { atomic: false });
      const git = await world.checkout('one');
      const id = await claim(git, 'one');
      expect(await lookAtRemote(git, 'origin')).toMatchObject({ reachable: true, atomic: false, problem: expect.stringContaining('does not support --atomic') });
      expect(await pushAll(git, 'origin', claimOf(id, id, ''))).toMatchObject({ kind: 'unanswered', problem: expect.stringContaining('does not support --atomic') });
      expect(await refsOf(world.remote)).toEqual({});
    });

    test('one whose hook refuses custom refs says so, and takes nothing of that push', async () => {
      await using world = await createWorld(open, { customRefs: 'refused by hook' });
      const git = await world.checkout('one');
      const id = await claim(git, 'one');
      expect(await pushAll(git, 'origin', claimOf(id, id, ''))).toEqual({ kind: 'refused', problem: expect.stringContaining(`${TURN} [remote rejected] (hook declined)`) });
      expect(await refsOf(world.remote)).toEqual({});
      expect(await pushAll(git, 'origin', [{ from: id, to: 'refs/heads/main' }])).toEqual({ kind: 'done' });
    });

    test('one whose configuration refuses custom refs says so', async () => {
      await using world = await createWorld(open, { customRefs: 'refused by config' });
      const git = await world.checkout('one');
      const id = await claim(git, 'one');
      // By itself: hidden refs are dropped before git looks at what is atomic, so that a branch beside it would be taken.
      expect(await pushAll(git, 'origin', [{ from: id, to: TURN, expect: '' }])).toEqual({ kind: 'refused', problem: expect.stringContaining(`${TURN} [remote rejected] (deny updating a hidden ref)`) });
      expect(await refsOf(world.remote)).toEqual({});
    });

    test('nothing of it is left running', async () => {
      await using rig = await createRig({ bare: true });
      const remote = await open(rig.root);
      const git = await checkoutOf(rig, remote, 'one');
      await listRemote(git, 'origin', [TURN]);
      await remote[Symbol.asyncDispose]();
      expect(await processesOf(rig.root)).toEqual([]);
    });
  });
}

/** Shell lines of a remote that has taken the refs and never comes to say so. */
const SILENT_HOOK = `#!/bin/sh
[ "$1" = committed ] || exit 0
: > taken
exec sleep 100
`;

/** What only a remote with processes of its own can do. */
export function testLostAnswersOver(name: string, open: OpenRemote): void {
  describe(`over ${name}`, () => {
    test('a push that arrived and whose answer is lost counts as unanswered', async () => {
      await using world = await createWorld(open);
      const git = await world.checkout('one');
      const id = await claim(git, 'one');
      await writeFile(join(world.remote.bare, 'hooks/reference-transaction'), SILENT_HOOK, { mode: 0o755 });
      const pushed = pushAll(git, 'origin', claimOf(id, id, ''));
      await until('the refs', () => existsSync(join(world.remote.bare, 'taken')));
      await world.remote.down();
      expect(await pushed).toMatchObject({ kind: 'unanswered' });
      expect(await processesOf(world.remote.bare)).toEqual([]);
      expect(await refsOf(world.remote)).toEqual({ 'refs/heads/main': id, [TURN]: id });
    });
  });
}
