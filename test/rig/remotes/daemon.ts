import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Network } from '../network.ts';
import { until } from '../rig.ts';
import { makeBare } from './bare.ts';
import type { OpenRemote } from './bare.ts';
import { endTree } from './process-tree.ts';

/** A remote behind git's own daemon on a host of a test network. */
export const openDaemonRemote = (network: Network, host: string): OpenRemote => async (root, cripples) => {
  const { folder, bare } = await makeBare(root, cripples);
  const url = `git://${network.addressOf(host)}/remote.git`;
  let child: ChildProcess | null = null;
  const onExit = (): void => void child?.kill('SIGKILL');

  const start = async (): Promise<void> => {
    if (child !== null) return;
    const [program = '', ...words] = [...network.on(host), 'git', 'daemon', '--enable=receive-pack', '--export-all', '--reuseaddr', `--listen=${network.addressOf(host)}`, `--base-path=${folder}`];
    const started = spawn(program, words, { stdio: 'ignore' });
    child = started;
    process.once('exit', onExit);
    const [first = '', ...rest] = [...network.on(host), 'git', 'ls-remote', url];
    await until('the daemon', () => started.exitCode !== null || spawnSync(first, rest).status === 0);
    if (started.exitCode === null) return;
    child = null;
    process.off('exit', onExit);
    throw new Error(`git daemon ended at once (exit ${started.exitCode}); some systems package it apart from git`);
  };
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
  };

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { name: 'daemon', url, bare, env: {}, down: stop, up: start, [Symbol.asyncDispose]: stop };
};
