import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { AddressInfo } from 'node:net';
import { authority, isLoopback } from '../base/address.ts';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';

export interface DoorbellOptions {
  /** `host:port`, `[v6]:port`, or a port alone, which means 127.0.0.1. Port 0 takes any free one. */
  readonly address: string;
  /** What the forge was given too; null or empty: everybody who reaches the address may ring. */
  readonly secret: string | null;
  /** Somebody says that something was pushed. What they say besides is not believed, so nothing is passed on. */
  readonly onRing: () => void;
}

export interface Doorbell {
  /** Where it listens, with the port that was taken. */
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 5 * 1024 * 1024;
/** A push webhook arrives at once; whoever dawdles only holds a connection. */
const HEADERS_MS = 5000;
const REQUEST_MS = 15_000;
const MAX_CONNECTIONS = 64;

/**
 * Listens for push webhooks of GitHub, GitLab, Forgejo and Gitea. Failures: `doorbell_address_invalid`,
 * `doorbell_secret_needed` (invalid), `doorbell_unavailable` (unavailable).
 */
export async function openDoorbell({ address, secret, onRing }: DoorbellOptions): Promise<Result<Doorbell>> {
  const parsed = parseAddress(address);
  if (parsed === null) {
    return fail({ code: 'doorbell_address_invalid', kind: 'invalid', message: `${JSON.stringify(address)} is no address to listen on.`, hint: 'Write host:port, [v6 address]:port, or a port alone for 127.0.0.1.' });
  }
  const { host, port } = parsed;
  const key = secret === '' ? null : secret;
  if (key === null && !isLoopback(host)) {
    return fail({ code: 'doorbell_secret_needed', kind: 'invalid', message: `Listening on ${host} without a secret would let everybody who reaches it ring.`, hint: 'Set ORCHESTRATOR_WEBHOOK_SECRET to what the webhook was given, or listen on 127.0.0.1.' });
  }
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: 1000, keepAliveTimeout: 1000 }, (request, response) => {
    answer(request, response, key, onRing);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const problem = await listen(server, host, port);
  if (problem !== null) {
    return fail({ code: 'doorbell_unavailable', kind: 'unavailable', message: `${address} cannot be listened on: ${problem}.`, hint: 'Choose another port, or end the program that has it.' });
  }
  const taken = server.address() as AddressInfo;
  return ok({ url: `http://${authority(host, taken.port)}/`, close: () => closed(server) });
}

/** Null where it is none. `localhost` is taken for 127.0.0.1, whatever a hosts file says. */
function parseAddress(address: string): { readonly host: string; readonly port: number } | null {
  const [, v6, name, digits = ''] = /^(?:\[([^[\]]+)\]:|([^:[\]\s/]*):)?(\d{1,5})$/.exec(address.trim()) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535 || (v6 !== undefined && isIP(v6) !== 6)) return null;
  const host = v6 ?? (name === undefined || name === '' || name.toLowerCase() === 'localhost' ? '127.0.0.1' : name);
  return { host, port };
}

function answer(request: IncomingMessage, response: ServerResponse, secret: string | null, onRing: () => void): void {
  if (request.method !== 'POST' || request.url?.split('?')[0] !== '/') return refuse(request, response, 405);
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return refuse(request, response, 413);
  // Without any signature there is nothing to compare the body with.
  if (secret !== null && !hasSignature(request.headers)) return refuse(request, response, 401);
  // Nothing of the body is kept: many connections at once must not cost memory.
  const hmac = secret === null ? null : createHmac('sha256', secret);
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) hmac?.update(chunk);
    else if (!response.headersSent) refuse(request, response, 413);
  });
  request.on('error', () => undefined);
  request.on('end', () => {
    if (response.headersSent) return;
    if (secret !== null && hmac !== null && !isSigned(request.headers, hmac.digest(), secret)) return refuse(request, response, 401);
    response.writeHead(204).end();
    onRing();
  });
}

/** Answers at once; what still comes of the body is read and thrown away, as a client that is cut off would not see the answer. */
function refuse(request: IncomingMessage, response: ServerResponse, status: 401 | 405 | 413): void {
  response.writeHead(status, { Connection: 'close', 'Content-Length': '0', ...(status === 405 ? { Allow: 'POST' } : {}) }).end();
  request.resume();
}

const HMAC_HEADERS = ['x-hub-signature-256', 'x-forgejo-signature', 'x-gitea-signature'] as const;
const TOKEN_HEADER = 'x-gitlab-token';

const hasSignature = (headers: IncomingHttpHeaders): boolean => [...HMAC_HEADERS, TOKEN_HEADER].some((name) => headers[name] !== undefined);

/** Any one that is right will do: whoever can make it knows the secret. */
function isSigned(headers: IncomingHttpHeaders, expected: Buffer, secret: string): boolean {
  const hmac = HMAC_HEADERS.some((name) => {
    const hex = /^(sha256=)?([0-9a-f]{64})$/i.exec(text(headers[name]));
    // Only GitHub's names the algorithm.
    if (hex === null || (name === 'x-hub-signature-256') !== (hex[1] !== undefined)) return false;
    return timingSafeEqual(Buffer.from(hex[2] ?? '', 'hex'), expected);
  });
  if (hmac) return true;
  const token = headers[TOKEN_HEADER];
  if (token === undefined) return false;
  // Digests have one length, which timingSafeEqual needs and which tells nothing of the secret's. Node reads headers as Latin-1.
  const digest = (value: Buffer): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(Buffer.from(text(token), 'latin1')), digest(Buffer.from(secret, 'utf8')));
}

const text = (header: string | string[] | undefined): string => (typeof header === 'string' ? header : '');

async function listen(server: Server, host: string, port: number): Promise<string | null> {
  return await new Promise((resolve) => {
    // Stays for good: later errors concern single connections, and the poll beside the doorbell goes on anyway.
    server.on('error', (error) => resolve(error.message));
    server.listen({ host, port }, () => resolve(null));
  });
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
