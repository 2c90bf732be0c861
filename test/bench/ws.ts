import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startToldDaemon } from '../rig/told-daemon.ts';
import type { ToldDaemon } from '../rig/told-daemon.ts';
import { env, scratch } from './world.ts';

const PRODUCERS = 50;
const LINES_A_SECOND = 20;
const READERS = 4;

export interface PushCost {
  /** From the line in the daemon to its parsed frame in a reader. Milliseconds. */
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly frames_per_s: number;
  /** Of one core, while lines flow and while nothing happens. */
  readonly busy: number;
  readonly idle: number;
  readonly rss_mb: number;
}

/** What a daemon takes to push the lines of 50 running agents to several readers, and what it takes to wait. */
export async function pushCost(seconds: number): Promise<PushCost> {
  const workspace = join(scratch, 'ws');
  mkdirSync(workspace, { recursive: true });
  await using daemon = await startToldDaemon(workspace, env);
  const readers = Array.from({ length: READERS }, () => daemon.listen('?tail=*'));
  await Promise.all(readers.map((reader) => reader.heard(2)));
  // What starting leaves to be tidied up is not idleness.
  await pause(2000);
  const idle = await share(daemon, seconds);
  const delays: number[] = [];
  for (const { socket } of readers) {
    socket.on('message', (text: Buffer) => {
      const { data } = JSON.parse(text.toString()) as { data?: { sent?: number } };
      if (data?.sent !== undefined) delays.push(performance.timeOrigin + performance.now() - data.sent);
    });
  }
  await daemon.tell(`produce ${PRODUCERS} ${LINES_A_SECOND}`);
  await pause(1000);
  delays.length = 0;
  const busy = await share(daemon, seconds);
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? NaN;
  return { p50_ms: at(0.5), p95_ms: at(0.95), frames_per_s: sorted.length / seconds / READERS, busy: busy.cores, idle: idle.cores, rss_mb: busy.rss_mb };
}

async function share(daemon: ToldDaemon, seconds: number): Promise<{ readonly cores: number; readonly rss_mb: number }> {
  const usage = async (): Promise<{ cpu: number; rss: number }> => (await daemon.tell('usage')) as { cpu: number; rss: number };
  const before = await usage();
  await pause(seconds * 1000);
  const after = await usage();
  return { cores: (after.cpu - before.cpu) / (seconds * 1e6), rss_mb: Math.round(after.rss / 1048576) };
}
