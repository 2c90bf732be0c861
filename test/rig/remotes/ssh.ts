import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../../src/process/find-program.ts';
import { until } from '../rig.ts';
import { makeBare, stdoutOf } from './bare.ts';
import type { OpenRemote } from './bare.ts';
import { endTree } from './process-tree.ts';

/** A remote behind a real sshd on 127.0.0.1, as the current user, with keys of its own. Needs openssh-server. */
export const openSshRemote: OpenRemote = async (root, cripples) => {
  const { folder, bare } = await makeBare(root, cripples);
  const sshd = await openSshd(folder);
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const options = ['-F', '/dev/null', '-i', join(folder, 'client'), '-p', String(sshd.port), '-o', `UserKnownHostsFile="${join(folder, 'known_hosts')}"`];
  options.push('-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none');
  return {
    name: 'ssh',
    url: `ssh://${userInfo().username}@127.0.0.1${bare}`,
    bare,
    // Git has a shell take this variable apart.
    env: { GIT_SSH_COMMAND: ['ssh', ...options].map(quoted).join(' ') },
    down: () => sshd.stop(),
    up: () => sshd.start(),
    [Symbol.asyncDispose]: () => sshd.stop(),
  };
};

interface Sshd {
  readonly port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts an sshd on a free port; all its files stand in `folder`: `client` is the key that it lets in. */
async function openSshd(folder: string): Promise<Sshd> {
  // Debian keeps it out of the PATH of everybody but root. It starts itself anew for a connection: only by a full path.
  const program = needed('sshd', `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`);
  const keygen = needed('ssh-keygen', process.env['PATH']);
  needed('ssh', process.env['PATH']);
  for (const key of ['host', 'client']) await stdoutOf(keygen, ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', join(folder, key)]);
  await copyFile(join(folder, 'client.pub'), join(folder, 'authorized_keys'));
  // Root's sshd keeps its unprivileged part in there; the package's own service would make it.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });

  let port = 0;
  let child: ChildProcess | null = null;
  const onExit = (): void => void child?.kill('SIGKILL');

  const stop = async (): Promise<void> => {
    if (child === null) return;
    const { pid, exitCode, signalCode } = child;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const gone = once(child, 'exit');
      await endTree(pid);
      await gone;
    }
    child = null;
    process.off('exit', onExit);
    await rm(join(folder, 'pid'), { force: true });
  };

  const start = async (): Promise<void> => {
    if (child !== null) return;
    const log = openSync(join(folder, 'sshd.log'), 'w');
    const started = spawn(program, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: ['ignore', 'ignore', log] });
    closeSync(log);
    child = started;
    // A test run that ends in the middle still takes its server along.
    process.once('exit', onExit);
    const ended = (): boolean => started.exitCode !== null || started.signalCode !== null;
    // The file is written once the port is listened on.
    await until('sshd', () => ended() || (existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid'), 'utf8').trim() === String(started.pid)));
    if (!ended()) return;
    child = null;
    process.off('exit', onExit);
    throw new Error(`sshd ended at once: ${await readFile(join(folder, 'sshd.log'), 'utf8')}`);
  };

  // Between being found free and being listened on a port may be taken.
  for (let left = 4; ; left -= 1) {
    port = await freePort();
    await writeFile(join(folder, 'sshd_config'), configuration(folder, port));
    try {
      await start();
      break;
    } catch (error) {
      if (left === 0) throw error;
    }
  }
  await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${await readFile(join(folder, 'host.pub'), 'utf8')}`);
  return { port, start, stop };
}

/** Nothing of the machine's own set-up counts, and sessions see no git configuration of the person's. */
const configuration = (folder: string, port: number): string => `ListenAddress 127.0.0.1
Port ${port}
HostKey "${join(folder, 'host')}"
AuthorizedKeysFile "${join(folder, 'authorized_keys')}"
PidFile "${join(folder, 'pid')}"
AuthenticationMethods publickey
PermitRootLogin yes
PermitUserRC no
StrictModes no
UsePAM no
UseDNS no
MaxStartups 100
AcceptEnv GIT_PROTOCOL
SetEnv GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
`;

function needed(program: string, path: string | undefined): string {
  const found = findProgram(program, path, '/');
  if (found === null) throw new Error(`This test needs ${program}, which is not on this machine: apt-get install openssh-server`);
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
