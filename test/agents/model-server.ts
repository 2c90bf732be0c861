import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropic } from './protocols/anthropic.ts';
import { gemini } from './protocols/gemini.ts';
import { openaiChat } from './protocols/openai-chat.ts';
import { openaiResponses } from './protocols/openai-responses.ts';
import type { Body, Protocol, Said } from './protocols/protocol.ts';

/** What the server does with one request to the model. */
export type Reply =
  | Said
  /** An error, or any other answer as it stands. */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  /** Never answers. */
  | { readonly hang: true }
  /** Cuts the connection after the first half of the answer. */
  | { readonly drop: true; readonly text?: string };

/** A request as it came in. `beside`: not part of the agent's work; it got a harmless answer that is not in the script. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Body;
  readonly protocol: string | null;
  readonly beside: boolean;
}

export interface ModelServer extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
  /** Everything that was asked. */
  readonly requests: readonly Seen[];
  /** Requests of the agents' work, in their order. */
  readonly asked: () => readonly Seen[];
}

const PROTOCOLS: readonly Protocol[] = [anthropic, openaiResponses, openaiChat, gemini];

/**
 * A model server on loopback that plays a script: one reply a request of an agent's work. An error, a hang and a drop
 * that stand last are repeated, since agents try again. It speaks whatever protocol it is asked in.
 */
export async function createModelServer(script: readonly Reply[]): Promise<ModelServer> {
  const requests: Seen[] = [];
  let at = 0;
  const nextReply = (): Reply => {
    const last = script.at(-1);
    const reply = script[at] ?? (last !== undefined && !isSaid(last) ? last : undefined);
    at += 1;
    // Not tried again by any of the tools, so that a test with too short a script fails at once.
    return reply ?? { status: 400, body: { error: { type: 'invalid_request_error', code: 400, status: 'INVALID_ARGUMENT', message: 'The script is at its end.' } } };
  };

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const path = new URL(request.url ?? '/', 'http://x').pathname;
      const protocol = request.method === 'POST' ? PROTOCOLS.find((each) => each.handles(path)) : undefined;
      const beside = protocol === undefined || protocol.beside(body);
      requests.push({ method: request.method ?? '', path, headers: request.headers, body, protocol: protocol?.name ?? null, beside });
      if (protocol === undefined) return answerBeside(request.method ?? '', path, response);
      play(protocol, protocol.streams(path, body), beside ? { text: protocol.aside?.(body) ?? 'Work' } : nextReply(), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    asked: () => requests.filter((seen) => !seen.beside),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const isSaid = (reply: Reply): reply is Said => !('status' in reply) && !('hang' in reply) && !('drop' in reply);

function play(protocol: Protocol, streams: boolean, reply: Reply, response: ServerResponse): void {
  if ('hang' in reply) return;
  if ('status' in reply) {
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
    return;
  }
  if (!streams && !('drop' in reply)) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(protocol.whole(reply)));
    return;
  }
  const pieces = protocol.pieces(reply);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  if (!('drop' in reply)) {
    for (const piece of pieces) response.write(piece);
    response.end();
    return;
  }
  // Cut only once the first half has left, so that the agent has begun to read it.
  response.write(pieces.slice(0, Math.ceil(pieces.length / 2)).join(''), () => response.socket?.destroy());
}

/** Lists of models, counts of tokens, telemetry: nothing of it matters, and nothing of it may fail. */
function answerBeside(method: string, path: string, response: ServerResponse): void {
  // codex would rather have a websocket; told so, it does without at once.
  if (method === 'GET' && path.endsWith('/responses')) return void response.writeHead(426).end();
  const answer = path.endsWith('/count_tokens') ? { input_tokens: 1 } : path.endsWith(':countTokens') ? { totalTokens: 1 } : path.endsWith('/models') ? { object: 'list', data: [], models: [] } : {};
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  try {
    const body: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    return typeof body === 'object' && body !== null ? (body as Body) : {};
  } catch {
    return {};
  }
}
