import { closeSync, constants, fsync, lstatSync, openSync, renameSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { z } from 'zod';
import { Usage } from '../agents/contract.ts';
import type { Result } from '../base/failure.ts';
import { overwriteFile, replaceFile } from '../base/replace-file.ts';
import { readControlFile } from './control-file.ts';
import type { Places } from './places.ts';
import { Actor } from './state.ts';

/** A usage limit that is waited for, and the session to go on with. `used`: what the whole session has used. */
export const Waiting = z.object({ agent: z.string(), until: z.string(), session_id: z.string().nullable(), used: Usage });
export type Waiting = z.infer<typeof Waiting>;

/**
 * The turn in flight, at `.git/orchestrator/turn.json`. It is written before anything is done and closed once all is
 * done; whoever finds it with its process gone knows what to finish, and never has to guess.
 */
export const Journal = z.object({
  schema_version: z.literal(1),
  run_id: z.string(),
  turn_id: z.string(),
  /** Counts up when a crash makes the same turn run again. */
  attempt: z.number().int().min(1),
  mode: z.enum(['combined', 'role']),
  branch: z.string(),
  /** Folder of the workspace; null in a journal of an earlier version. */
  workspace: z.string().nullable().default(null),
  actor: Actor,
  iteration: z.number().int().min(1),
  /** HEAD before the turn. */
  base: z.string(),
  started_at: z.string(),
  /** Text of the state file before the turn; null when there was none. */
  state_before: z.string().nullable(),
  /** It is the first turn of its run, which takes back what made the last run end. */
  begins_run: z.boolean(),
  /** Digest of the input file before the turn; null when there is none. */
  input_before: z.string().nullable(),
  /** Digest of the loop's own dirty files before the turn. */
  tree_before: z.string(),
  commits: z.boolean(),
  /** Known once the turn was routed. */
  routed: z
    .object({ prompt: z.string(), source: z.enum(['deterministic', 'router']), reason: z.string(), review: z.boolean() })
    .nullable(),
  /** Known once the agent is about to start. Paths are absolute. */
  agent: z
    .object({ name: z.string(), kind: z.string(), scratch: z.string(), outcome: z.string(), log: z.string(), transcript: z.string(), from: z.number().int().nonnegative().default(0), started_at: z.string(), /** Digest of the token that its tools show. */ token: z.string().nullable().default(null) })
    .nullable(),
  /** What is waited for between two calls of the turn's agent. */
  waiting: Waiting.nullable().default(null),
  /** The nonce of the claim on the remote, where one is held or asked for. */
  claim: z.string().nullable(),
});
export type Journal = z.infer<typeof Journal>;

export function readJournal(places: Places): Result<Journal | null> {
  return readControlFile(places.journal, Journal);
}

/** Writes the journal in one step. Small files of a turn are handled synchronously throughout: each costs a third of the asynchronous call, and no one else waits. */
export function writeJournal(places: Places, journal: Journal): void {
  replaceFile(places.journal, `${JSON.stringify(journal)}\n`);
}

/**
 * Writes the journal for an agent that starts now: after a power cut it tells whose the changes are. Throws when it could not be
 * written; resolves once it is on the disk. The agent need not wait for that: nothing of it is on the disk before.
 */
export function writeJournalForAgent(places: Places, journal: Journal): Promise<void> {
  overwriteFile(places.closedJournal, `${JSON.stringify(journal)}\n`);
  renameSync(places.closedJournal, places.journal);
  const descriptor = openSync(places.journal, constants.O_RDONLY | constants.O_NOFOLLOW);
  return flush(descriptor).finally(() => closeSync(descriptor));
}

const flush = promisify(fsync);

/** Whether the journal is there, as a file that is ours alone. */
export function journalIsThere(places: Places): boolean {
  const entry = lstatSync(places.journal, { throwIfNoEntry: false });
  return entry?.isFile() === true && entry.nlink === 1;
}

/** The turn is done. Its file stays under another name for the next one: to make and remove one at each turn costs as much again. */
export function closeJournal(places: Places): void {
  try {
    renameSync(places.journal, places.closedJournal);
  } catch {
    // Nothing there to close, or something in the way that an agent put there.
    for (const path of [places.journal, places.closedJournal]) rmSync(path, { recursive: true, force: true });
  }
}
