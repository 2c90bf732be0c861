import { createReadStream } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { AgentEvent } from '../agents/contract.ts';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import type { TurnRecord } from './record.ts';

/** One event of a transcript, with its time (UTC). */
export const TimedEvent = z.intersection(z.object({ at: z.string().optional() }), AgentEvent);
export type TimedEvent = z.infer<typeof TimedEvent>;

/**
 * Events of a turn, in order, one at a time, so that a transcript of any size takes no more memory than a line. Failure
 * `transcript_missing`; one that a record names outside the folder of logs is not opened.
 */
export function transcriptOf(turn: TurnRecord, workspace: string, logs: string): Result<AsyncIterable<TimedEvent>> {
  const missing = (why: string): Result<never> => fail({ code: 'transcript_missing', kind: 'not_found', message: `Turn ${turn.id} has no transcript here: ${why}.`, hint: 'It is on the machine where the turn ran, unless no agent was started.' });
  if (turn.transcript === null) return missing('its record names none');
  const path = resolve(workspace, turn.transcript);
  const inside = relative(logs, path);
  if (inside.startsWith(`..${sep}`) || inside === '..' || resolve(logs, inside) !== path) return missing(`${turn.transcript} is not in the folder of logs`);
  return ok(eventsOf(path));
}

/** Lines that are no events (cut off by a crash) are passed over; a file that is not there has none. */
async function* eventsOf(path: string): AsyncGenerator<TimedEvent> {
  const input = createReadStream(path, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const event = parsed(line);
      if (event !== null) yield event;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    input.destroy();
  }
}

function parsed(line: string): TimedEvent | null {
  try {
    const found = TimedEvent.safeParse(JSON.parse(line));
    return found.success ? found.data : null;
  } catch {
    return null;
  }
}

/** What the events of a turn say of how it ended, in sentences for a person; empty where they say nothing. */
export async function reasonsIn(events: AsyncIterable<TimedEvent>): Promise<string[]> {
  const denied = new Map<string, number>();
  const errors: string[] = [];
  const limits: string[] = [];
  let calls = 0;
  let failedCalls = 0;
  let ended: string | null = null;
  for await (const event of events) {
    if (event.type === 'tool_call') calls++;
    else if (event.type === 'tool_result' && event.is_error) failedCalls++;
    else if (event.type === 'permission_requested') denied.set(event.text, (denied.get(event.text) ?? 0) + 1);
    else if (event.type === 'error') errors.push(`${event.class}: ${event.message.split('\n')[0] ?? ''}`);
    else if (event.type === 'rate_limited') limits.push(event.resets_at ?? 'it did not say when');
    else if (event.type === 'ended') ended = event.reason;
  }
  const said: string[] = [];
  if (calls > 0) said.push(`it called ${calls} tool${calls === 1 ? '' : 's'}${failedCalls === 0 ? '' : `, of which ${failedCalls} failed`}`);
  if (denied.size > 0) said.push(`it was denied ${[...denied].map(([what, times]) => (times === 1 ? what : `${what} (${times} times)`)).join(', ')}`);
  for (const limit of limits) said.push(`it came to a usage limit until ${limit}`);
  if (errors.length > 3) said.push(`it told ${errors.length} errors, of which the last three follow`);
  for (const error of errors.slice(-3)) said.push(`it told an error of the class ${error}`);
  if (ended !== null) said.push(ended === 'completed' ? 'its closing event says that it was done' : 'its closing event says that it failed');
  return said;
}
