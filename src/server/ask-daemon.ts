import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { reachedAt } from '../base/address.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import type { DaemonRecord } from './daemon/record.ts';

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/**
 * Asks the daemon of a record. An answer of any status is a success here; failures: `daemon_unreachable` (unavailable),
 * and the signal's own. Node's own client, which costs what `fetch` does (55 ms of a start) and keeps no connection.
 */
export async function askDaemon(record: Pick<DaemonRecord, 'host' | 'port' | 'url'>, { method, path, token, body, signal }: Question): Promise<Result<Answer>> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
  };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({ host: reachedAt(record.host), port: record.port, method, path, headers, agent: false, ...(signal === undefined ? {} : { signal }) }, resolve);
      asked.once('error', reject);
      asked.end(text);
    });
    response.setEncoding('utf8');
    let answer = '';
    for await (const piece of response) answer += piece as string;
    return ok({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text: answer });
  } catch (error) {
    if (signal?.aborted === true) return fail(signal.reason as Failure);
    const { code, message } = error as NodeJS.ErrnoException;
    return fail({ code: 'daemon_unreachable', kind: 'unavailable', message: `The daemon at ${record.url} does not answer: ${code ?? message}.`, hint: 'See `orchestrator daemon status` and .orchestrator/daemon.log.', details: { url: record.url } });
  }
}
