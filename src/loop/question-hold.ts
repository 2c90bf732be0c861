import type { Journal } from './journal.ts';
import { openQuestions, watchQuestions } from './questions.ts';
import type { LoopRuntime } from './runtime.ts';

/** Stops the clocks of an agent while a question of its turn is open, and tells of each question once. */
export interface QuestionHold {
  held(): boolean;
  onChange(listener: () => void): void;
  close(): void;
}

export function holdForQuestions(runtime: LoopRuntime, { turn_id, actor }: Journal, on: boolean): QuestionHold {
  let held = false;
  let listener = (): void => undefined;
  const told = new Set<string>();
  const look = (): void => {
    const open = openQuestions(runtime.places, turn_id);
    for (const question of open) {
      if (told.has(question.id)) continue;
      told.add(question.id);
      runtime.emit({ type: 'question.asked', turn_id, actor, question: question.question, options: question.options });
    }
    if (held === open.length > 0) return;
    held = open.length > 0;
    listener();
  };
  const close = on ? watchQuestions(runtime.places, turn_id, look) : () => undefined;
  return {
    held: () => held,
    onChange: (changed) => void (listener = changed),
    close,
  };
}
