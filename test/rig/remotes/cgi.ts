import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { endTree } from './process-tree.ts';

/** The end of a CGI header: an empty line. */
const HEADER_END = /\r?\n\r?\n/;

/**
 * Has a CGI program answer a request; both bodies are streamed. Resolves, and never rejects, once the program ended; one
 * whose client went away is ended. Source: RFC 3875, git-http-backend(1).
 */
export async function answerByCgi(program: string, settings: Readonly<Record<string, string>>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const child = spawn(program, [], { env: { ...process.env, ...settings, ...variablesOf(request) }, stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = new Promise((resolve) => child.once('close', resolve));
  // A program may answer without having read all.
  child.stdin.on('error', () => undefined);
  // One that could not be started says nothing, which is found below.
  child.on('error', () => undefined);
  request.pipe(child.stdin);
  let ending: Promise<void> | null = null;
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) ending ??= endTree(child.pid);
  };
  // A client that went away is seen here at once; the pipeline sees it only when the program says something more.
  response.once('close', () => {
    if (!response.writableFinished) end();
  });
  try {
    await answer(child.stdout, response);
  } catch {
    // No header, or nobody to pass it on to: whoever still listens gets an answer that is cut off.
    response.destroy();
    end();
  }
  await closed;
  await ending;
}

/** The request as RFC 3875 wants it. Without a length the program reads to the end of its input. */
function variablesOf({ method, url, headers }: IncomingMessage): Record<string, string> {
  const [path = '', ...query] = (url ?? '').split('?');
  const from: Readonly<Record<string, string | undefined>> = {
    REQUEST_METHOD: method,
    PATH_INFO: decodeURIComponent(path),
    QUERY_STRING: query.join('?'),
    CONTENT_TYPE: headers['content-type'],
    CONTENT_LENGTH: headers['content-length'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    GIT_PROTOCOL: headers['git-protocol']?.toString(),
    REMOTE_ADDR: '127.0.0.1',
    SERVER_PROTOCOL: 'HTTP/1.1',
  };
  return Object.fromEntries(Object.entries(from).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Passes on what the program says: its header, with the status in a field of its own, then the body as it comes. */
async function answer(output: Readable, response: ServerResponse): Promise<void> {
  await pipeline(
    output,
    async function* (chunks: AsyncIterable<Buffer>) {
      let head: Buffer | null = Buffer.alloc(0);
      for await (const chunk of chunks) {
        if (head === null) {
          yield chunk;
          continue;
        }
        head = Buffer.concat([head, chunk]);
        const text = head.toString('latin1');
        const end = HEADER_END.exec(text);
        if (end === null) continue;
        begin(text.slice(0, end.index), response);
        yield head.subarray(end.index + end[0].length);
        head = null;
      }
      if (head !== null) throw new Error('The program ended without a header.');
    },
    response,
  );
}

function begin(header: string, response: ServerResponse): void {
  for (const line of header.split(/\r?\n/)) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
    else if (name !== '') response.setHeader(name, value);
  }
  response.flushHeaders();
}
