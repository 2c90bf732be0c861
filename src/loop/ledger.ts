import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Usage } from '../agents/contract.ts';
import { replaceFile } from '../base/replace-file.ts';
import { NOTHING_USED, addUsage } from './budget.ts';
import type { Spent } from './budget.ts';

/**
 * What the agents of a repository have used, for budgets that outlast a run: one line each time that a call of an agent
 * told its totals, which are absolute, so that the last line of a call counts. A crash loses none of it.
 */
const Entry = z.object({
  /** Of one call of an agent. */
  call: z.string(),
  run: z.string(),
  turn_id: z.string(),
  /** UTC. */
  at: z.string(),
  usage: Usage,
  agent_ms: z.number().nonnegative(),
  /** Counts as a turn. */
  turn: z.boolean(),
});
type Entry = z.infer<typeof Entry>;

export interface Ledger {
  note(entry: Omit<Entry, 'at'>): void;
  /** What was used on the day (UTC) of `now`. */
  today(): Spent;
  /** What a turn's calls used, the one at work left out: those of attempts that crashed too. */
  ofTurn(turn_id: string, without: string): Spent;
  /** What a run used, today and yesterday; without one of its turns where that is counted elsewhere. */
  ofRun(run: string, without: string | null): Spent;
}

const dayOf = (at: string): string => at.slice(0, 10);

/** Opens the file, and forgets days before yesterday. Lines that cannot be read count for nothing. */
export function openLedger(file: string, now: () => Date): Ledger {
  const entries = new Map<string, Entry>();
  /** Others append as well: runs in other worktrees of the repository. */
  let read = 0;
  const refresh = (): void => {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size === read) return;
    // A file that was written anew is read whole.
    for (const line of readLines(file)) {
      const entry = parseEntry(line);
      if (entry !== null) entries.set(entry.call, entry);
    }
    read = size;
  };
  refresh();
  const yesterday = dayOf(new Date(now().getTime() - 24 * 60 * 60 * 1000).toISOString());
  const before = entries.size;
  for (const [call, entry] of entries) if (dayOf(entry.at) < yesterday) entries.delete(call);
  if (before > 2 * entries.size + 100) {
    replaceFile(file, [...entries.values()].map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    read = statSync(file).size;
  }
  return {
    note(told) {
      const entry = { ...told, at: now().toISOString() };
      entries.set(entry.call, entry);
      const line = `${JSON.stringify(entry)}\n`;
      append(file, line);
      read += Buffer.byteLength(line);
    },
    today() {
      refresh();
      const day = dayOf(now().toISOString());
      return sumOf([...entries.values()].filter((entry) => dayOf(entry.at) === day));
    },
    ofTurn: (turn_id, without) => sumOf([...entries.values()].filter((entry) => entry.turn_id === turn_id && entry.call !== without)),
    ofRun: (run, without) => sumOf([...entries.values()].filter((entry) => entry.run === run && entry.turn_id !== without)),
  };
}

const sumOf = (entries: readonly Entry[]): Spent => ({
  usage: entries.reduce((sum, entry) => addUsage(sum, entry.usage), NOTHING_USED),
  turns: entries.filter((entry) => entry.turn).length,
  duration_ms: entries.reduce((sum, entry) => sum + entry.agent_ms, 0),
});

/** Names a call: each begins at another place of its turn's transcript. */
export const callName = (turn: { readonly turn_id: string; readonly attempt: number }, from: number, routing = false): string => `${turn.turn_id}-${turn.attempt}-${routing ? 'router' : 'turn'}-${from}`;

function append(file: string, line: string): void {
  try {
    appendFileSync(file, line);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, line);
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function parseEntry(line: string): Entry | null {
  try {
    const parsed = Entry.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
