import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openGit } from '../../../src/git/git.ts';
import type { Git } from '../../../src/git/git.ts';
import { makeFileCommit } from '../../../src/git/push.ts';
import type { PushedRef } from '../../../src/git/push.ts';
import { createRig } from '../rig.ts';
import type { Rig } from '../rig.ts';
import type { Cripples, OpenRemote, TestRemote } from './bare.ts';

export const TURN = 'refs/orchestrator/turn/main';

/** A remote and checkouts that share it. */
export interface World extends AsyncDisposable {
  readonly remote: TestRemote;
  /** A repository with one commit and the remote as its origin. */
  checkout(name: string): Promise<Git>;
}

export async function createWorld(open: OpenRemote, cripples?: Cripples): Promise<World> {
  const rig = await createRig({ bare: true });
  // What it needs may be missing: then nothing but the message stays.
  const remote = await open(rig.root, cripples).catch(async (error: unknown) => {
    await rig[Symbol.asyncDispose]();
    throw error;
  });
  return {
    remote,
    checkout: (name) => checkoutOf(rig, remote, name),
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
}

export async function checkoutOf(rig: Rig, remote: TestRemote, name: string): Promise<Git> {
  const directory = join(rig.root, name);
  await mkdir(directory);
  const git = openGit(directory, { ...rig.env, ...remote.env });
  await git.run(['init', '-q', '-b', 'main']);
  await git.run(['commit', '-q', '--allow-empty', '-m', name]);
  await git.run(['remote', 'add', 'origin', remote.url]);
  return git;
}

/** A commit that is nothing but a claim. */
export const claim = (git: Git, name: string): Promise<string> => makeFileCommit(git, 'claim.json', JSON.stringify({ name }), 'claim');

/** A branch and a claim, as a turn pushes them. */
export const claimOf = (branch: string, claim: string, expected: string): PushedRef[] => [{ from: branch, to: 'refs/heads/main' }, { from: claim, to: TURN, expect: expected }];

/** All refs of a remote, looked at past the transport. */
export async function refsOf({ bare }: TestRemote): Promise<Record<string, string>> {
  const lines = (await openGit(bare).run(['for-each-ref', '--format=%(refname) %(objectname)'])).trim().split('\n');
  return Object.fromEntries(lines.filter((line) => line !== '').map((line) => line.split(' ')));
}
