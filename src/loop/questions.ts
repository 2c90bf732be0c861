import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../base/replace-file.ts';
import { readAgentFile } from './agent-file.ts';
import { hideSecrets } from './hide-secrets.ts';
import type { Places } from './places.ts';
import { makeUntrackedFolder } from './record.ts';

/**
 * Questions of agents to the operator. An agent writes them where it may write; answers stand where a sandboxed one may
 * not, so that nobody but the operator gives them.
 */
export const Question = z.object({
  id: z.string().regex(/^[0-9a-f]{8}$/),
  question: z.string().min(1).max(20_000),
  options: z.array(z.string().max(2000)).max(50).nullable(),
  asked_at: z.string(),
});
export type Question = z.infer<typeof Question>;

const Answer = z.object({ id: z.string(), answer: z.string(), answered_at: z.string() });

/** Which files a turn's agent said that it would change. */
export const touchesFile = (places: Places, turnId: string): string => join(places.scratch, 'touches', `${turnId}.json`);

/** More than these are not looked at. */
const MOST = 50;

const asked = (places: Places, turnId: string): string => join(places.scratch, 'questions', turnId);
const answered = (places: Pick<Places, 'control'>, turnId: string): string => join(places.control, 'answers', turnId);

/** Writes a question down and gives its id. */
export function ask(places: Places, turnId: string, question: string, options: readonly string[] | null, at: Date): string {
  const id = randomBytes(4).toString('hex');
  makeUntrackedFolder(places.scratch);
  mkdirSync(asked(places, turnId), { recursive: true });
  replaceFile(join(asked(places, turnId), `${id}.json`), `${JSON.stringify({ id, question, options, asked_at: at.toISOString() })}\n`);
  return id;
}

/** What was asked in a turn and is not answered yet, oldest first. */
export function openQuestions(places: Places, turnId: string): Question[] {
  return questionsOf(places, turnId).filter((question) => answerTo(places, turnId, question.id) === null);
}

/** Notes that the agent has its answer. */
export function markDelivered(places: Places, turnId: string, id: string): void {
  replaceFile(join(asked(places, turnId), `${id}.delivered`), '');
}

/** What was asked in a turn and whose answer the agent does not have, answered or not; oldest first. */
export function undelivered(places: Places, turnId: string): Question[] {
  return questionsOf(places, turnId).filter((question) => !existsSync(join(asked(places, turnId), `${question.id}.delivered`)));
}

const questionsOf = (places: Places, turnId: string): Question[] =>
  listJson(asked(places, turnId))
    .flatMap((path) => parsed(path, Question))
    .map((question) => ({ ...question, question: hideSecrets(question.question), options: question.options?.map((option) => hideSecrets(option)) ?? null }))
    .toSorted((a, b) => (a.asked_at < b.asked_at ? -1 : 1));

export function answerTo(places: Places, turnId: string, id: string): string | null {
  return parsed(join(answered(places, turnId), `${id}.json`), Answer)[0]?.answer ?? null;
}

export function answer(places: Pick<Places, 'control'>, turnId: string, id: string, text: string, at: Date): void {
  mkdirSync(answered(places, turnId), { recursive: true });
  replaceFile(join(answered(places, turnId), `${id}.json`), `${JSON.stringify({ id, answer: text, answered_at: at.toISOString() })}\n`, { durable: true });
}

/** Forgets what was asked, answered and declared in a turn. What an agent put in the folder's place goes with it. */
export function clearQuestions(places: Places, turnId: string): void {
  for (const path of [asked(places, turnId), answered(places, turnId), touchesFile(places, turnId)]) {
    // Most turns ask nothing: to look costs a fifth of taking away what is not there.
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) rmSync(path, { recursive: true, force: true });
  }
}

/** Waits for an answer; null when the time or the signal came first. */
export async function awaitAnswer(places: Places, turnId: string, id: string, wait_ms: number, signal: AbortSignal): Promise<string | null> {
  const until = performance.now() + wait_ms;
  for (;;) {
    const found = answerTo(places, turnId, id);
    if (found !== null || signal.aborted || performance.now() >= until) return found;
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, Math.max(1, until - performance.now()))));
  }
}

/** How often somebody who waits for an answer looks for it; one small file. Milliseconds. */
const LOOK_MS = 200;

/** Calls `onChange` whenever a question of the turn is written or answered. Gives what ends the watch. */
export function watchQuestions(places: Places, turnId: string, onChange: () => void): () => void {
  makeUntrackedFolder(places.scratch);
  const watchers = [asked(places, turnId), answered(places, turnId)].map((folder) => {
    mkdirSync(folder, { recursive: true });
    const watcher = watch(folder, { persistent: false }, onChange);
    watcher.on('error', () => undefined);
    return watcher;
  });
  return () => watchers.forEach((watcher) => watcher.close());
}

function listJson(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^[0-9a-f]{8}\.json$/.test(name)).slice(0, MOST).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** One that cannot be read, or is half written, is none yet. */
function parsed<T extends z.ZodType>(path: string, shape: T): z.output<T>[] {
  const read = readAgentFile(path);
  if (!read.ok || read.value === null) return [];
  try {
    const found = shape.safeParse(JSON.parse(read.value));
    return found.success ? [found.data] : [];
  } catch {
    return [];
  }
}
