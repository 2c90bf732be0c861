import { watch } from 'node:fs';
import { dirname } from 'node:path';
import { answer, answerTo, clearQuestions, holdForQuestions, makeFolder, touchesFile, undelivered } from '../loop/contract.ts';
import type { Places } from '../loop/contract.ts';
import type { PoolRuntime } from './runtime.ts';

/** Questions that an agent asks in the middle of its call, through our tools. */

/** Stops the agent's clocks while one is open, and shows it at its unit. */
export function watchLiveQuestions(pool: PoolRuntime, chunk: string, attempt: string, places: Places, wait_ms: number, on: boolean) {
  const onAsked = ({ id, question, options }: { readonly id: string; readonly question: string; readonly options: string[] | null }): void => {
    void pool.units.note(chunk, { question: { question, options, live: { attempt, id, control: places.control } } }, 'unit.asked');
  };
  return holdForQuestions({ places, wait_ms, onAsked, beginWait: () => () => undefined }, on ? attempt : null);
}

/** Calls `onChange` when the agent says through our tools what it will change. */
export function watchTouches(places: Places, onChange: () => void): () => void {
  const folder = dirname(touchesFile(places, 'any'));
  makeFolder(folder);
  const watcher = watch(folder, { persistent: false }, onChange);
  watcher.on('error', () => undefined);
  return () => watcher.close();
}

/** What an agent asked and had no answer to when it ended. */
export type OpenQuestion = { readonly question: string; readonly options: readonly string[] | null; readonly answer: string | null };

/** The oldest question of a call that is over whose answer its agent does not have; then all of them are forgotten. */
export function takeOpenQuestion(places: Places, attempt: string): OpenQuestion | null {
  const [first] = undelivered(places, attempt);
  const found = first === undefined ? null : { question: first.question, options: first.options, answer: answerTo(places, attempt, first.id) };
  clearQuestions(places, attempt);
  return found;
}

/** Gives the answer to an agent that waits for it. */
export function answerLive(pool: PoolRuntime, live: { readonly attempt: string; readonly id: string; readonly control: string }, text: string): void {
  answer(live, live.attempt, live.id, text, pool.clock.now());
}
