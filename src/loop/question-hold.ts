import type { Journal } from './journal.ts';
import { openQuestions, watchQuestions } from './questions.ts';
import type { LoopRuntime } from './runtime.ts';

/** What a tool may take to begin and to end its wait. Milliseconds. */
const SLACK_MS = 2000;

/** Stops the clocks of an agent while a question of its turn is open, and tells of each question once. */
export interface QuestionHold {
  held(): boolean;
  onChange(listener: () => void): void;
  close(): void;
}

export function holdForQuestions(runtime: LoopRuntime, { turn_id, actor }: Journal, on: boolean): QuestionHold {
  let held = false;
  let endWait = (): void => undefined;
  let listener = (): void => undefined;
  /** When each question was first seen, by our own clock: it holds for as long as its tool waits, and no longer. */
  const seen = new Map<string, number>();
  const limit = runtime.settings.limits.question_wait + SLACK_MS;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const open = openQuestions(runtime.places, turn_id);
    const now = performance.now();
    for (const question of open) {
      if (seen.has(question.id)) continue;
      seen.set(question.id, now);
      runtime.emit({ type: 'question.asked', turn_id, actor, question: question.question, options: question.options });
    }
    const left = Math.max(0, ...open.map((question) => (seen.get(question.id) ?? now) + limit - now));
    clearTimeout(timer);
    if (left > 0) timer = setTimeout(look, Math.min(left, 2 ** 31 - 1)).unref();
    if (held === left > 0) return;
    held = left > 0;
    if (held) endWait = runtime.waits.begin();
    else endWait();
    listener();
  };
  const unwatch = on ? watchQuestions(runtime.places, turn_id, look) : () => undefined;
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
