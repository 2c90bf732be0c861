import { openCappedFile } from './capped-file.ts';
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

export function openAgentLogs(paths: { readonly text: string; readonly events: string }, maxBytes: number): AgentLogs {
  const text = openCappedFile(paths.text, maxBytes, `[orchestrator: the rest of the output is left out, over ${maxBytes} bytes]\n`);
  const events = openCappedFile(paths.events, maxBytes, stamped({ type: 'raw', stream: 'stderr', text: `[orchestrator: further events are left out, over ${maxBytes} bytes]` }));
  return {
    line: (line) => text.write(`${line}\n`),
    event(event) {
      // Needed after a crash to tell how the run ended; there is one, or a handful.
      const always = event.type === 'ended' || event.type === 'usage';
      if (always || !events.full()) events.write(stamped(shortened(event)), always);
    },
    busy: () => text.busy() ?? events.busy(),
    async close(lastLine) {
      const closed = await Promise.allSettled([text.close(`${lastLine}\n`), events.close()]);
      for (const each of closed) if (each.status === 'rejected') throw each.reason;
    },
  };
}

/** Of a line that nobody could read, so much goes into its event; the log for people has it whole. Characters. */
const RAW_LIMIT = 64 * 1024;

const shortened = (event: AgentEvent): AgentEvent =>
  event.type === 'raw' && event.text.length > RAW_LIMIT ? { ...event, text: `${event.text.slice(0, RAW_LIMIT)} [orchestrator: the log has the rest]` } : event;

const stamped = (event: AgentEvent): string => `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`;
