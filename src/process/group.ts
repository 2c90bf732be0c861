import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from './identity.ts';
import { ON_LINUX, allFacts, factsOf, pidsSince, readProc } from './proc.ts';
import type { PidMoment } from './proc.ts';

/** Milliseconds between SIGTERM and SIGKILL. */
export interface EndingOptions {
  readonly term_ms?: number;
}

const TERM_MS = 5000;
/** After SIGKILL only a process stuck in the kernel, or another user's, is still there. */
const KILL_MS = 5000;

/**
 * Ends a process group: SIGTERM, up to `term_ms` (5000) for it to empty, then SIGKILL. Resolves to whether it is gone,
 * at once when it already was.
 */
export async function endGroup(pgid: number, options: EndingOptions = {}): Promise<boolean> {
  return end({ signal: (name) => void send(-checked(pgid), name), alive: () => groupAlive(pgid) }, options);
}

/** Whether the group has a member that still runs. One that merely waits to be reaped does not count. */
export function groupAlive(pgid: number): boolean {
  if (!send(-checked(pgid), 0)) return false;
  // Without an init that reaps, zombies stay in the group for ever: the state has to be looked at.
  return !ON_LINUX || groupMembers(pgid).length > 0;
}

/** Numbers of the group's running members. `since`: perhaps without those that were there before. */
export function groupMembers(pgid: number, since: PidMoment | null = null): number[] {
  return (since === null ? allFacts() : pidsSince(since).flatMap((pid) => factsOf(pid) ?? []))
    .filter((facts) => facts.group === pgid && !facts.zombie)
    .map((facts) => facts.pid);
}

/**
 * Ends every process that was started with `variable=value` in its environment, whatever its group or session: a
 * grandchild that made a session of its own is found so. This process is left out, and the group `outside`, which somebody else
 * ends: a second SIGTERM tells many programs to drop everything. Resolves to the numbers of those it found. Linux only; elsewhere
 * there is nothing to look in, and it resolves to none.
 */
export async function endMarked(variable: string, value: string, options: EndingOptions & { readonly outside?: number } = {}): Promise<number[]> {
  const found = new Set<number>();
  // A process may start another one while it is looked for, so that one round is not always enough.
  for (let round = 0; round < 3; round += 1) {
    const pids = markedProcesses(variable, value).filter((pid) => options.outside === undefined || factsOf(pid)?.group !== options.outside);
    if (pids.length === 0) break;
    await Promise.all(pids.map((pid) => endProcess(pid, options)));
    for (const pid of pids) found.add(pid);
  }
  return [...found];
}

/**
 * Numbers of the running processes that were started with exactly `variable=value` in their environment, without this one.
 * `since`: perhaps without those that were there before.
 */
export function markedProcesses(variable: string, value: string, since: PidMoment | null = null): number[] {
  if (!ON_LINUX) return [];
  const entry = Buffer.from(`\0${variable}=${value}\0`);
  return pidsSince(since).filter((pid) => {
    if (pid === process.pid) return false;
    const environment = readProc(pid, 'environ');
    if (environment === null || environment.length === 0) return false;
    // The first entry has no separator before it.
    return environment.includes(entry) || environment.subarray(0, entry.length - 1).equals(entry.subarray(1));
  });
}

async function endProcess(pid: number, options: EndingOptions): Promise<boolean> {
  const identity = processIdentity(pid);
  // Its number may pass to a stranger while it is ended: every signal asks first whether it is still the same one.
  const alive = (): boolean => identity !== null && processIdentity(pid) === identity;
  return end({ signal: (name) => void (alive() && send(pid, name)), alive }, options);
}

interface Target {
  signal(name: NodeJS.Signals): void;
  alive(): boolean;
}

async function end(target: Target, options: EndingOptions): Promise<boolean> {
  if (!target.alive()) return true;
  target.signal('SIGTERM');
  // A stopped process acts on SIGTERM only once it goes on.
  target.signal('SIGCONT');
  if (await gone(target, options.term_ms ?? TERM_MS)) return true;
  target.signal('SIGKILL');
  return gone(target, KILL_MS);
}

async function gone(target: Target, within_ms: number): Promise<boolean> {
  const until = performance.now() + within_ms;
  for (let pause = 1; target.alive(); pause = Math.min(pause * 2, 32)) {
    const left = until - performance.now();
    if (left <= 0) return false;
    await delay(Math.min(pause, Math.max(left, 1)));
  }
  return true;
}

/** Sends a signal; false when there was no one to take it. Those that end meanwhile or are another user's are no error. */
function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return false;
    // macOS says EPERM of a group of zombies; on Linux it means that no member is ours to signal.
    if (code === 'EPERM') return ON_LINUX;
    throw error;
  }
}

/** -1 would be everyone and 0 our own group. */
function checked(pgid: number): number {
  if (!Number.isInteger(pgid) || pgid <= 1) throw new RangeError(`No process group to end: ${pgid}`);
  return pgid;
}
