import type { Places } from './places.ts';
import { openQuestions, watchQuestions } from './questions.ts';
import type { Question } from './questions.ts';

/** What a tool may take to begin and to end its wait. Milliseconds. */
const SLACK_MS = 2000;

/** Stops the clocks of an agent while a question of its turn is open, and tells of each question once. */
export interface QuestionHold {
  held(): boolean;
  onChange(listener: () => void): void;
  close(): void;
}

export interface HoldOptions {
  readonly places: Places;
  /** How long a question keeps its tool waiting. Milliseconds. */
  readonly wait_ms: number;
  /** Told of each question once. */
  readonly onAsked: (question: Question) => void;
  /** Begins a wait that counts in no budget; what is returned ends it. */
  readonly beginWait: () => () => void;
}

/** `turn_id`: of the call whose questions these are; null where its agent has no tools. */
export function holdForQuestions(options: HoldOptions, turn_id: string | null): QuestionHold {
  let held = false;
  let endWait = (): void => undefined;
  let listener = (): void => undefined;
  /** When each question was first seen, by our own clock: it holds for as long as its tool waits, and no longer. */
  const seen = new Map<string, number>();
  const limit = options.wait_ms + SLACK_MS;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const open = turn_id === null ? [] : openQuestions(options.places, turn_id);
    const now = performance.now();
    for (const question of open) {
      if (seen.has(question.id)) continue;
      seen.set(question.id, now);
      options.onAsked(question);
    }
    const left = Math.max(0, ...open.map((question) => (seen.get(question.id) ?? now) + limit - now));
    clearTimeout(timer);
    if (left > 0) timer = setTimeout(look, Math.min(left, 2 ** 31 - 1)).unref();
    if (held === left > 0) return;
    held = left > 0;
    if (held) endWait = options.beginWait();
    else endWait();
    listener();
  };
  const unwatch = turn_id === null ? () => undefined : watchQuestions(options.places, turn_id, look);
  return {
    held: () => held,
    onChange: (changed) => void (listener = changed),
    close() {
      clearTimeout(timer);
      unwatch();
      endWait();
      held = false;
    },
  };
}
