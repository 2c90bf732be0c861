import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';

/**
 * The one way out of a sandbox without a network: a proxy (HTTP CONNECT, and plain HTTP) on a socket, which reaches the
 * hosts of a list and no others. Inside, `relay.ts` offers it on a port of the loopback.
 */
export interface Gate {
  readonly socket: string;
  /** Words before the agent's own: the relay, which starts it. */
  readonly through: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Inside nothing else uses the loopback. */
const PORT = 3128;

export async function openGate(scratch: string, allowed: readonly string[]): Promise<Gate> {
  // A socket's name has little room; a workspace may lie too deep for it.
  const near = join(scratch, 'gate');
  const folder = near.length < 100 ? null : await mkdtemp(join(tmpdir(), 'orchestrator-gate-'));
  const socket = folder === null ? near : join(folder, 'gate');
  rmSync(socket, { force: true });
  const open = new Set<Duplex>();
  const server = createHttpServer((request, response) => {
    const target = URL.parse(request.url ?? '');
    if (target === null || target.protocol !== 'http:' || !isAllowed(target.hostname, target.port || '80', allowed)) return void refuse(response.socket, request.url ?? '');
    const passed = httpRequest({ host: target.hostname, port: Number(target.port || 80), method: request.method, path: `${target.pathname}${target.search}`, headers: headersOf(request) }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const [, host = '', port = '443'] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(request.url ?? '') ?? [];
    if (!isAllowed(host, port, allowed)) return void refuse(client, request.url ?? '');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    open.add(client);
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy()).on('close', () => open.delete(client));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
  const proxy = `http://127.0.0.1:${PORT}`;
  return {
    socket,
    through: [process.execPath, relayPath(), socket, String(PORT), '--'],
    env: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, http_proxy: proxy, https_proxy: proxy, NO_PROXY: '', no_proxy: '', NODE_USE_ENV_PROXY: '1' },
    async close() {
      for (const each of open) each.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder ?? socket, { recursive: true, force: true });
    },
  };
}

/** Whether a place is in the list: by its host's name, or below a `*.name`; an entry with a port means that one alone. */
export function isAllowed(host: string, port: string, allowed: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return allowed.some((each) => {
    const [, entry = each, only] = /^(.*?)(?::(\d+))?$/.exec(each.toLowerCase()) ?? [];
    if (only !== undefined && only !== port) return false;
    return entry.startsWith('*.') ? name.endsWith(entry.slice(1)) : name === entry;
  });
}

function refuse(client: Duplex | Socket | null, what: string): void {
  client?.end(`HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nThe sandbox lets nothing through to ${what}; sandbox.allow_hosts in orchestration.yaml names what it does.\n`);
}

/** All but those that are the proxy's own. */
const headersOf = ({ headers }: IncomingMessage): IncomingMessage['headers'] => Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(?:proxy-.*|connection|transfer-encoding)$/.test(name)));

/** The relay stands beside this file: as source in a checkout, as JavaScript once built. */
function relayPath(): string {
  const source = fileURLToPath(new URL('relay.ts', import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL('relay.js', import.meta.url));
}
