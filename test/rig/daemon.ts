import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { askToEnd } from '../../src/process/ask-to-end.ts';
import { processIdentity } from '../../src/process/identity.ts';
import { systemClock } from '../../src/base/clock.ts';
import { daemonStatus } from '../../src/server/daemon/operations.ts';
import { operations } from '../../src/server/operations.ts';
import { dispatch } from '../../src/spine/dispatch.ts';
import type { Rig } from './rig.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  json<T = Record<string, unknown>>(): T;
}

export interface Asked {
  readonly method?: string;
  /** In place of or beside the usual ones; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** A daemon in the background, ended with the test. */
export interface TestDaemon extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  /** Asks with the token. */
  ask(path: string, asked?: Asked): Promise<Reply>;
}

/** Starts a daemon of the rig's workspace on a free port. */
export async function startDaemon(rig: Rig, args: readonly string[] = []): Promise<TestDaemon> {
  const { code, document } = await rig.json<{ pid: number; url: string }>(['daemon', 'start', '--port', '0', ...args]);
  if (code !== 0) throw new Error(JSON.stringify(document));
  const { pid, url } = document.data;
  const identity = processIdentity(pid);
  const token = (await rig.read('.orchestrator/token')).trim();
  return {
    pid,
    url,
    token,
    ask: (path, asked) => ask(url, path, { ...asked, headers: { authorization: `Bearer ${token}`, ...asked?.headers } }),
    async [Symbol.asyncDispose]() {
      // As `daemon stop` does, which has tests of its own.
      await askToEnd(pid, identity, 20_000);
    },
  };
}

/** One request with exactly these headers: `fetch` would set some of its own. */
export async function ask(url: string, path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Reply> {
  const given = Object.fromEntries(Object.entries({ ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return await new Promise<Reply>((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, headers: given, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: <T>() => JSON.parse(text) as T }));
      response.once('error', reject);
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

/** What `daemon status` says, without a process of its own. */
export async function daemonStatusOf(directory: string): Promise<{ running: boolean; pid: number | null; url: string | null; started_at: string | null; units: Record<string, number> }> {
  const context = { caller: { kind: 'operator' as const }, directory, config_file: null, environment: {}, clock: systemClock, signal: new AbortController().signal, emit: () => undefined };
  const result = await dispatch(operations, daemonStatus.name, {}, context);
  if (!result.ok) throw new Error(result.failure.message);
  return daemonStatus.output.parse(result.value);
}
