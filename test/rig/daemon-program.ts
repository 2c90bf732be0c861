/**
 * A daemon with a part that does as it is told on stdin, a command a line, each answered by its own line once done:
 *
 *   events <n> <bytes>          n stored events, one after the other
 *   batch <n> <bytes>           n stored events in one transaction
 *   output <unit> <n> <bytes>   n lines of a running agent
 *   produce <producers> <rate>  lines of so many units, so many a second each, until the end; `at` is when
 *   usage                       its CPU time in microseconds and its memory in bytes, as JSON
 *
 * Arguments: the workspace. Its first line is `{"url", "token"}`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';
import { ok } from '../../src/base/failure.ts';
import { runDaemon } from '../../src/server/daemon/run.ts';
import { FEED } from '../../src/spine/feed.ts';
import type { Feed } from '../../src/spine/feed.ts';
import type { Store } from '../../src/store/store.ts';

const [workspace = '.'] = process.argv.slice(2);
const ending = new AbortController();
const producing: NodeJS.Timeout[] = [];
process.once('SIGTERM', () => ending.abort());
const say = (document: unknown): void => void process.stdout.write(`${JSON.stringify(document)}\n`);
const line = (bytes: number): string => 'x'.repeat(bytes);
const now = (): string => new Date(performance.timeOrigin + performance.now()).toISOString();

async function events(store: Store, count: number, bytes: number): Promise<void> {
  for (let n = 0; n < count; n++) await store.write((tx) => tx.append({ type: 'test', unit: null, data: { text: line(bytes) } }));
}

async function batch(store: Store, count: number, bytes: number): Promise<void> {
  await store.write(async (tx) => {
    for (let n = 0; n < count; n++) await tx.append({ type: 'test', unit: null, data: { text: line(bytes) } });
  });
}

async function output(feed: Feed, unit: string, count: number, bytes: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    feed.broadcast({ type: 'unit.output', at: now(), unit, data: { n, text: line(bytes) } });
    // As from a pipe: some lines at a time.
    if (n % 100 === 99) await turn();
  }
}

function produce(feed: Feed, producers: number, rate: number): void {
  for (let n = 0; n < producers; n++) {
    const unit = `unit-${n}`;
    const send = (): void => feed.broadcast({ type: 'unit.output', at: now(), unit, data: { sent: performance.timeOrigin + performance.now(), text: line(80) } });
    // Not all in the same moment.
    setTimeout(() => producing.push(setInterval(send, 1000 / rate)), (n * 1000) / rate / producers);
  }
}

function usage(): { cpu: number; rss: number } {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, rss: process.memoryUsage.rss() };
}

async function obey(words: readonly string[], store: Store, feed: Feed): Promise<unknown> {
  const [command, ...rest] = words;
  const [first = 0, second = 0] = rest.map(Number);
  if (command === 'events') await events(store, first, second);
  else if (command === 'batch') await batch(store, first, second);
  else if (command === 'output') await output(feed, rest[0] ?? '', second, Number(rest[2] ?? 0));
  else if (command === 'produce') produce(feed, first, second);
  else if (command === 'usage') return usage();
  return words.join(' ');
}

const ended = await runDaemon({
  workspace,
  config_file: null,
  host: '127.0.0.1',
  port: 0,
  environment: process.env,
  clock: systemClock,
  signal: ending.signal,
  onReady: ({ url }) => say({ url, token: readFileSync(join(workspace, '.orchestrator/token'), 'utf8').trim() }),
  openServices: async ({ store, resources }) => {
    const lines = createInterface({ input: process.stdin });
    const feed = resources.find(FEED);
    if (feed === null) throw new Error('No feed was lent');
    return [
      {
        name: 'obedience',
        async start() {
          lines.on('line', (text) => void obey(text.split(' '), store, feed).then(say, (error: unknown) => say(String(error))));
          // Nobody is left to tell it anything.
          lines.on('close', () => ending.abort());
          return ok(undefined);
        },
        async stop() {
          producing.forEach((timer) => clearInterval(timer));
          lines.close();
          process.stdin.destroy();
        },
      },
    ];
  },
});
if (!ended.ok) {
  say(ended.failure);
  process.exitCode = 1;
}
process.exitCode ??= 0;
