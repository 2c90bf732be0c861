import { readFileSync } from 'node:fs';
import { ON_LINUX, allPids, factsOf } from '../../../src/process/proc.ts';
import { until } from '../rig.ts';

/**
 * Ends a process and all that it started, each by its number. A server's children make sessions of their own, so that
 * their group says nothing. Linux knows the children; elsewhere only the process itself ends.
 */
export async function endTree(pid: number): Promise<void> {
  // Stopped one after another first: what is stopped starts nothing more, and its number cannot pass to a stranger.
  const stopped: number[] = [];
  let found = [pid];
  while (found.length > 0) {
    for (const one of found) send(one, 'SIGSTOP');
    stopped.push(...found);
    found = ON_LINUX ? allPids().filter((one) => !stopped.includes(one) && stopped.includes(parentOf(one) ?? 0)) : [];
  }
  for (const one of stopped) send(one, 'SIGKILL');
  await until(`the end of ${stopped.join(', ')}`, () => stopped.every((one) => factsOf(one)?.zombie !== false));
}

/** The command's name stands in brackets and may hold brackets itself; proc_pid_stat(5). */
function parentOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in between.
  }
}
