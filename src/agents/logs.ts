import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { AgentEvent } from './event.ts';

/** What is written of one agent run: a log for people and its events, one JSON a line; each capped. */
export interface AgentLogs {
  line(text: string): void;
  event(event: AgentEvent): void;
  /** What to wait for before more is written; null while the disk keeps up. */
  busy(): Promise<void> | null;
  /** Writes a last line for people and closes both; rejects when something could not be written. */
  close(lastLine: string): Promise<void>;
}

/** Bytes that may wait in memory before reading pauses. */
const HIGH_WATER = 1024 * 1024;

export function openAgentLogs(paths: { readonly text: string; readonly events: string }, maxBytes: number): AgentLogs {
  const text = cappedFile(paths.text, maxBytes, `[orchestrator: the rest of the output is left out, over ${maxBytes} bytes]\n`);
  const events = cappedFile(paths.events, maxBytes, `${JSON.stringify({ type: 'raw', stream: 'stderr', text: `[orchestrator: further events are left out, over ${maxBytes} bytes]` })}\n`);
  return {
    line: (line) => text.write(`${line}\n`),
    event: (event) => events.write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`, event.type === 'ended' || event.type === 'usage'),
    busy: () => text.busy() ?? events.busy(),
    async close(lastLine) {
      text.write(`${lastLine}\n`, true);
      await Promise.all([text.close(), events.close()]);
    },
  };
}

function cappedFile(path: string, maxBytes: number, marker: string) {
  const stream: WriteStream = createWriteStream(path, { flags: 'a', highWaterMark: HIGH_WATER });
  // The error is told where the file is closed; until then nothing more is written.
  let broken: Error | null = null;
  stream.on('error', (error) => (broken ??= error));
  let bytes = 0;
  let marked = false;
  return {
    /** `always`: short and needed later (the closing event), so the cap does not hold for it. */
    write(piece: string, always = false): void {
      if (broken !== null) return;
      const size = Buffer.byteLength(piece);
      if (bytes + size > maxBytes && !always) {
        if (!marked) stream.write(marker);
        marked = true;
        return;
      }
      bytes += size;
      stream.write(piece);
    },
    busy(): Promise<void> | null {
      if (broken !== null || !stream.writableNeedDrain) return null;
      return new Promise((resolve) => {
        stream.once('drain', resolve);
        stream.once('error', () => resolve());
      });
    },
    async close(): Promise<void> {
      if (broken !== null) throw broken;
      stream.end();
      await finished(stream);
    },
  };
}
