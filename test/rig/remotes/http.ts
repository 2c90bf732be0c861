import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeBare, stdoutOf } from './bare.ts';
import type { OpenRemote } from './bare.ts';
import { answerByCgi } from './cgi.ts';

/** A remote behind git's own smart HTTP on 127.0.0.1. Needs git-http-backend, which some systems package apart from git. */
export const openHttpRemote: OpenRemote = async (root, cripples) => {
  const { folder, bare } = await makeBare(root, cripples);
  const program = join(await stdoutOf('git', ['--exec-path']), 'git-http-backend');
  if (!existsSync(program)) throw new Error(`This test needs git-http-backend, which is not on this machine: no ${program}`);
  const atWork = new Set<Promise<void>>();
  let server: Server | null = null;

  const start = async (port: number): Promise<number> => {
    const started = createServer((request, response) => {
      const answered = answerByCgi(program, { GIT_PROJECT_ROOT: folder, GIT_HTTP_EXPORT_ALL: '1', REMOTE_USER: 'person' }, request, response).finally(() => atWork.delete(answered));
      atWork.add(answered);
    });
    started.listen(port, '127.0.0.1');
    await once(started, 'listening');
    server = started;
    return (started.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    const stopped = server;
    if (stopped === null) return;
    server = null;
    const closed = once(stopped, 'close');
    stopped.close();
    stopped.closeAllConnections();
    await closed;
    await Promise.all(atWork);
  };

  const port = await start(0);
  return {
    name: 'http',
    url: `http://127.0.0.1:${port}/remote.git`,
    bare,
    // A proxy of the machine's would be asked for this address as well.
    env: { NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
    down: stop,
    async up() {
      if (server === null) await start(port);
    },
    [Symbol.asyncDispose]: stop,
  };
};
