import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { authority } from '../../base/address.ts';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { cannotListen, portTaken } from '../daemon/failures.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import type { Refusal } from './problem.ts';

/** Who takes longer only holds a connection. Milliseconds. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const MAX_CONNECTIONS = 1000;
/** How long answers under way get at the end. Milliseconds. */
const LAST_ANSWERS_MS = 5000;

/** Binds a port. Nobody is answered until `serve`. Failures: `port_taken` (conflict), `cannot_listen` (unavailable). */
export async function listen(host: string, port: number): Promise<Result<{ readonly server: Server; readonly port: number }>> {
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS });
  server.maxConnections = MAX_CONNECTIONS;
  const problem = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    // The hosts file has no say in what is loopback.
    server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port, exclusive: true }, () => resolve(null));
  });
  if (problem === null) return ok({ server, port: (server.address() as AddressInfo).port });
  return fail(problem.code === 'EADDRINUSE' ? portTaken(authority(host, port)) : cannotListen(authority(host, port), problem.code ?? problem.message));
}

export interface Serving {
  /** Why a request goes no further; asked before anything else. */
  readonly refuse: (request: IncomingMessage) => Refusal | null;
  readonly request: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** Answers from here on. */
export function serve(server: Server, { refuse, request, upgrade }: Serving): void {
  server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
    const refused = refuse(incoming);
    if (refused === null) return void request(incoming, response);
    // Its body is not worth reading.
    response.writeHead(refused.status, { 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'no-store', Connection: 'close', ...challenge(refused) });
    response.end(JSON.stringify(problemOf(refused)));
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    const refused = refuse(incoming);
    if (refused === null) return upgrade(incoming, socket, head);
    refuseUpgrade(socket, refused);
  });
}

/** Answers a request for another protocol with a problem document. */
export function refuseUpgrade(socket: Duplex, refused: Refusal): void {
  const body = JSON.stringify(problemOf(refused));
  const headers = { 'Content-Type': PROBLEM_TYPE, 'Content-Length': Buffer.byteLength(body), Connection: 'close', ...challenge(refused) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${refused.status} Refused`, ...lines, '', body].join('\r\n'));
}

const challenge = ({ status }: Refusal): Record<string, string> => (status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {});

/** Takes no more requests, waits a while for the answers under way, and cuts the rest. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
  await closed;
  clearTimeout(timer);
}
