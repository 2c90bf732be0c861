import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { makeBare } from './bare.ts';
import type { Cripples, OpenRemote, TestRemote } from './bare.ts';

/** A remote on the same disk, by its path: git runs its other end without any transport. */
export const openPathRemote: OpenRemote = (root, cripples) => open('path', root, cripples);

/** The same by a `file://` URL, which git treats as a remote machine: nothing is linked or copied past the protocol. */
export const openFileRemote: OpenRemote = (root, cripples) => open('file', root, cripples);

async function open(name: 'path' | 'file', root: string, cripples?: Cripples): Promise<TestRemote> {
  const { bare } = await makeBare(root, cripples);
  const away = `${bare}.away`;
  return {
    name,
    url: name === 'path' ? bare : pathToFileURL(bare).href,
    bare,
    env: {},
    async down() {
      if (existsSync(bare)) await rename(bare, away);
    },
    async up() {
      if (existsSync(away)) await rename(away, bare);
    },
    // Nothing of it runs, and its folder goes with the root.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
