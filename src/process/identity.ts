import { readFileSync } from 'node:fs';
import { ON_LINUX, factsOf } from './proc.ts';

/**
 * What tells a process from every other one that ever had its number: on Linux the boot and the start time in clock
 * ticks since then, elsewhere the start time. Null when no such process lives (one that waits to be reaped does not).
 */
export function processIdentity(pid: number): string | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const facts = factsOf(pid);
  if (facts === null || facts.zombie) return null;
  return ON_LINUX ? `${bootId()}:${facts.started}` : facts.started;
}

/** Identity of this very process. */
export function selfIdentity(): string | null {
  return processIdentity(process.pid);
}

/** Whether the process that once had this identity still lives. Without a recorded identity any process of that number counts. */
export function isAlive(pid: number, identity: string | null): boolean {
  const now = processIdentity(pid);
  return now !== null && (identity === null || now === identity);
}

let boot: string | undefined;

function bootId(): string {
  boot ??= readBootId();
  return boot;
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    // Some sandboxes hide it; the start time alone then has to do.
    return 'boot';
  }
}
