import { createReadStream } from 'node:fs';
import { relative } from 'node:path';
import { createInterface } from 'node:readline';
import { endGroup, endMarked, groupAlive, groupMembers, markedProcesses } from '../process/group.ts';
import { ON_LINUX, askPs } from '../process/proc.ts';
import { readWrapperStatus } from '../process/wrapper.ts';
import { statusFile } from './attempt-files.ts';
import { concludeRun, createTally } from './conclude-run.ts';
import type { AgentKind, LeftAttempt } from './contract.ts';
import { AgentEvent } from './event.ts';
import { adapterOf } from './registry.ts';

/** Variable by which every process of a turn can be told. */
const MARK = 'ORCHESTRATOR_TURN_ID';

/**
 * How an attempt stands whose orchestrator is gone. It has finished once its wrapper wrote the exit status; a kind that
 * tells its own end needs that on record as well, since exit code 0 alone is no success for it.
 */
export async function leftAttempt(attempt: { readonly kind: string; readonly name: string; readonly scratch: string; readonly events: string; readonly from: number; readonly turn_id: string; readonly workspace: string }): Promise<LeftAttempt> {
  const { exit } = readWrapperStatus(statusFile(attempt.scratch));
  if (exit === null) return { state: (await stillThere(attempt)) ? 'running' : 'gone' };
  const kind = attempt.kind as AgentKind;
  const adapter = await adapterOf(kind);
  if (!adapter.ok) return { state: 'gone' };
  const tally = createTally();
  for await (const event of eventsOf(attempt.events, attempt.from)) {
    tally.add(event);
    if (!adapter.value.structured && event.type === 'message') tally.output(event.text);
  }
  if (adapter.value.structured && tally.closed === null) return { state: 'gone' };
  const spec = { name: attempt.name, kind, args: [], env: {}, permissions: 'auto' } as const;
  return { state: 'finished', result: concludeRun(spec, adapter.value.structured, tally, { exit_code: exit, ended_early: null, left_behind: false, duration_ms: 0 }, relative(attempt.workspace, attempt.events.replace(/\.jsonl$/, '.log'))) };
}

/** Ends what is left of an attempt: its process group, and whatever carries the turn's id; resolves once none is left. */
export async function endLeftAttempt({ scratch, turn_id }: { readonly scratch: string; readonly turn_id: string }): Promise<void> {
  const group = await groupOf({ scratch, turn_id });
  await Promise.all(group === null ? [endMarked(MARK, turn_id)] : [endGroup(group), endMarked(MARK, turn_id, { outside: group })]);
}

/** The last session that an attempt's events tell of. */
export async function sessionOf(events: string): Promise<string | null> {
  let found: string | null = null;
  for await (const event of eventsOf(events, 0)) if (event.type === 'session_started') found = event.session_id;
  return found;
}

async function stillThere(attempt: { readonly scratch: string; readonly turn_id: string }): Promise<boolean> {
  return (await groupOf(attempt)) !== null || markedProcesses(MARK, attempt.turn_id).length > 0;
}

/** The attempt's process group, if it is there and still its own: numbers are given to strangers after a while. */
async function groupOf({ scratch, turn_id }: { readonly scratch: string; readonly turn_id: string }): Promise<number | null> {
  const { pid } = readWrapperStatus(statusFile(scratch));
  if (pid === null || pid <= 1 || !groupAlive(pid)) return null;
  // Without environments to look in, the wrapper's arguments tell: the attempt's folder is among them.
  if (!ON_LINUX) return askPs(['-A', '-ww', '-o', 'pgid=', '-o', 'args=']).split('\n').some((line) => line.trimStart().startsWith(`${pid} `) && line.includes(statusFile(scratch))) ? pid : null;
  // A marked process elsewhere proves nothing: it may have left the group, whose number then went to a stranger.
  const marked = markedProcesses(MARK, turn_id);
  return groupMembers(pid).some((member) => marked.includes(member)) ? pid : null;
}

async function* eventsOf(file: string, start: number): AsyncGenerator<AgentEvent> {
  const input = createReadStream(file, { encoding: 'utf8', start });
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const event = parseEvent(line);
      if (event !== null) yield event;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The event of a line; null for one that a crash cut off. */
function parseEvent(line: string): AgentEvent | null {
  try {
    const parsed = AgentEvent.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
