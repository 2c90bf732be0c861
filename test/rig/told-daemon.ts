import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { until } from './rig.ts';

const PROGRAM = fileURLToPath(new URL('./daemon-program.ts', import.meta.url));

/** A daemon that writes events and output as it is told. */
export interface ToldDaemon extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  /** Resolves to its answer, once it has done so. */
  tell(command: string): Promise<unknown>;
  /** Connects with the token. */
  listen(query?: string, options?: ClientOptions): Listener;
  stop(): Promise<number | null>;
}

export interface Frame {
  readonly type: string;
  readonly seq?: number;
  readonly unit?: string | null;
  readonly data?: unknown;
  readonly version?: string;
}

/** One WebSocket, with all that it heard. */
export interface Listener {
  readonly socket: WebSocket;
  readonly frames: Frame[];
  /** Numbers of the events that it heard. */
  seqs(): number[];
  /** Close code and reason. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  heard(count: number): Promise<unknown>;
}

export async function startToldDaemon(workspace: string, env: Readonly<Record<string, string>>): Promise<ToldDaemon> {
  const child = spawn(process.execPath, [PROGRAM, workspace], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const answers: unknown[] = [];
  const waiting: ((answer: unknown) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    const answer = JSON.parse(text) as unknown;
    const next = waiting.shift();
    if (next === undefined) answers.push(answer);
    else next(answer);
  });
  const answer = (): Promise<unknown> => (answers.length > 0 ? Promise.resolve(answers.shift()) : new Promise((resolve) => waiting.push(resolve)));
  const { url, token } = (await answer()) as { url: string; token: string };
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    return await exited;
  };
  return {
    pid: child.pid ?? 0,
    url,
    token,
    stop,
    async tell(command) {
      child.stdin.write(`${command}\n`);
      return await answer();
    },
    listen: (query = '', options = {}) => listener(new WebSocket(`${url.replace('http', 'ws')}/ws${query}`, { ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } })),
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

function listener(socket: WebSocket): Listener {
  const frames: Frame[] = [];
  socket.on('message', (text: Buffer) => frames.push(JSON.parse(text.toString()) as Frame));
  socket.on('error', () => undefined);
  const seqs = (): number[] => frames.filter(({ type }) => type !== 'hello' && type !== 'snapshot').flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
  return { socket, frames, seqs, closed, heard: (count) => until(`${count} frames, heard ${frames.length}`, () => frames.length >= count) };
}
