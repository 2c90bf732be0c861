import { closeSync, constants, createReadStream, fstatSync, lstatSync, mkdirSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Usage } from '../agents/contract.ts';
import { utcCompact } from '../base/clock.ts';
import { Actor } from './state.ts';

/** One line of `logs/<branch>/turns.jsonl`. Paths of logs are relative to the workspace; times are UTC. */
export const TurnRecord = z.object({
  id: z.string(),
  run_id: z.string(),
  iteration: z.number().int(),
  actor: Actor,
  prompt: z.string().nullable(),
  source: z.enum(['deterministic', 'router', 'operator']),
  reason: z.string(),
  agent: z.string().nullable(),
  attempt: z.number().int(),
  outcome: z.enum(['ok', 'complete', 'blocked', 'failed', 'interrupted']),
  started_at: z.string(),
  ended_at: z.string(),
  duration_ms: z.number(),
  agent_ms: z.number(),
  exit_code: z.number().int().nullable(),
  base: z.string(),
  head: z.string(),
  commits: z.array(z.string()),
  files_changed: z.array(z.string()),
  skipped_files: z.array(z.string()),
  /** Why each skipped file was skipped. */
  skip_reasons: z.record(z.string(), z.string()),
  usage: Usage,
  log: z.string().nullable(),
  transcript: z.string().nullable(),
  session_id: z.string().nullable(),
  summary: z.string().nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  warnings: z.array(z.string()),
});
export type TurnRecord = z.infer<typeof TurnRecord>;

/** A branch as a folder name: `/` becomes `-`. */
export const branchFolder = (branch: string): string => branch.replaceAll('/', '-');

export const recordsFile = (logs: string, branch: string): string => join(logs, branchFolder(branch), 'turns.jsonl');

/** Makes a folder for files of ours that git never sees, whatever the repository ignores. */
export function makeUntrackedFolder(folder: string): void {
  if (made.has(folder) && isFolder(folder)) return;
  makeFolder(folder);
  try {
    writeFileSync(join(folder, '.gitignore'), '*\n', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  made.add(folder);
}

/** Whether it is a folder itself, and no link to one. */
const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Makes a folder of ours; a link that an agent put in its place is taken away, so that nothing of ours goes where it leads. */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(path);
  mkdirSync(path, { recursive: true });
}

/** Folders that this process has made ready; looked at again only when they are gone. */
const made = new Set<string>();

/** Log files of one turn; created, so that no other turn takes the name. */
export interface LogFiles {
  readonly text: string;
  readonly events: string;
}

/** Creates `<logs>/<branch>/<actor>/iter-00017_<UTC>_<prompt stem>.log` and the `.jsonl` beside it; a taken name gets `_2`. */
export function createLogFiles(logs: string, turn: { branch: string; actor: Actor; iteration: number; at: Date; prompt: string }): LogFiles {
  const folder = join(logs, branchFolder(turn.branch), turn.actor);
  for (const each of [logs, dirname(folder), folder]) makeFolder(each);
  const stem = turn.prompt.replace(/\.[^./]*$/, '').replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  const name = `iter-${String(turn.iteration).padStart(5, '0')}_${utcCompact(turn.at)}_${stem}`;
  return createLogPair(folder, name);
}

/** Creates `<name>.log` and the `.jsonl` beside it in a folder that is there; a taken name gets `_2`. */
export function createLogPair(folder: string, name: string): LogFiles {
  for (let n = 1; ; n++) {
    const path = join(folder, n === 1 ? name : `${name}_${n}`);
    try {
      // Both, so that nothing else can be put there before the first event.
      closeSync(openSync(`${path}.log`, 'wx'));
      closeSync(openSync(`${path}.jsonl`, 'wx'));
      return { text: `${path}.log`, events: `${path}.jsonl` };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Appends a turn's record with one write. A half line left by a crash is closed first. */
export function appendRecord(file: string, record: TurnRecord): void {
  mkdirSync(dirname(file), { recursive: true });
  appendLine(file, JSON.stringify(record));
}

/** Says in an agent's log what only we know of it. A log that cannot be written to undoes nothing. */
export function noteInLog(log: string, text: string): void {
  try {
    appendLine(log, `[orchestrator: ${text}]`);
  } catch {
    // The turn's record has what counts.
  }
}

/** Appends a line, after a line end where a crash left none. Whatever an agent put in the file's place is not followed. */
function appendLine(file: string, line: string): void {
  const descriptor = openSync(file, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW);
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.from('\n');
    if (size > 0) readSync(descriptor, last, 0, 1, size - 1);
    writeAll(descriptor, `${last[0] === 0x0a ? '' : '\n'}${line}\n`);
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(file: number, text: string): void {
  let rest = Buffer.from(text);
  // A nearly full disk takes a part, and refuses only the next write.
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest));
}

/** The records of a branch, oldest first. Lines that are no record (cut off by a crash) are passed over and counted. */
export async function readRecords(file: string): Promise<{ records: TurnRecord[]; unreadable: number }> {
  const records: TurnRecord[] = [];
  let unreadable = 0;
  const input = createReadStream(file, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (line === '') continue;
      const record = parseRecord(line);
      if (record === null) unreadable++;
      else records.push(record);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return { records, unreadable };
}

export function parseRecord(line: string): TurnRecord | null {
  try {
    const parsed = TurnRecord.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The newest record of a branch, or null. Reads the file's end only. */
export async function lastRecord(file: string): Promise<TurnRecord | null> {
  let tail: string;
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, 262_144);
      const buffer = Buffer.alloc(length);
      await handle.read(buffer, 0, length, size - length);
      tail = buffer.toString('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const lines = tail.split('\n').filter((line) => line !== '');
  for (const line of lines.toReversed()) {
    const record = parseRecord(line);
    if (record !== null) return record;
  }
  return (await readRecords(file)).records.at(-1) ?? null;
}
