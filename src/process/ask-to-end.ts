import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './identity.ts';

/**
 * Sends SIGTERM to one process, if it still is the one meant, and waits for it to be gone; resolves to whether it is.
 * Nothing harder follows: what it is doing may be worth more than our patience. False at once where it is another user's.
 */
export async function askToEnd(pid: number, identity: string | null, within_ms: number, signal?: AbortSignal): Promise<boolean> {
  if (!isAlive(pid, identity)) return true;
  try {
    process.kill(pid, 'SIGTERM');
    // A stopped process acts on SIGTERM only once it goes on.
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return true;
    if (code === 'EPERM') return false;
    throw error;
  }
  const until = performance.now() + within_ms;
  while (isAlive(pid, identity)) {
    if (performance.now() >= until || signal?.aborted === true) return false;
    await delay(20);
  }
  return true;
}
