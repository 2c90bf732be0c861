import { z } from 'zod';
import { parseDuration } from '../base/duration.ts';
import { didYouMean } from '../base/suggest.ts';

/**
 * The kinds of value that orchestration.yaml knows. Each says in a person's words what is wrong with a value, and tells
 * the JSON schema what may be written; so they are hand-made parsers with their own metadata, not unions and pipes,
 * whose messages name branches that nobody wrote.
 */

/** Ends the parse of a value with a reason; `path` leads from the value to the part at fault. */
export type Refuse = (message: string, path?: readonly (string | number)[]) => never;

class Refused extends Error {
  readonly path: readonly (string | number)[];
  constructor(message: string, path: readonly (string | number)[]) {
    super(message);
    this.path = path;
  }
}

/** A value read by `parse`; `schema` is what the JSON schema says of it. */
export const written = <T>(parse: (raw: unknown, refuse: Refuse) => T, schema: Record<string, unknown>) =>
  z
    .unknown()
    .meta(schema)
    .transform((raw, context): T => {
      try {
        return parse(raw, (message, path = []) => {
          throw new Refused(message, path);
        });
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        context.issues.push({ code: 'custom', message: error.message, path: [...error.path], input: raw });
        return z.NEVER;
      }
    });

/** What a value is, for messages: `"x"`, `a number, 7`, `true`, `a list`, `a mapping`, `nothing`. */
export function shown(raw: unknown): string {
  if (raw === undefined || raw === null) return 'nothing';
  if (Array.isArray(raw)) return 'a list';
  if (typeof raw === 'string') return JSON.stringify(raw.length > 60 ? `${raw.slice(0, 57)}...` : raw);
  if (typeof raw === 'object') return 'a mapping';
  return `${typeof raw === 'boolean' ? '' : `a ${typeof raw}, `}${String(raw)}`;
}

/** Longest duration that a timer of Node can hold is 2^31 - 1 ms; a longer one would fire at once. */
const LONGEST_MS = 24 * 86_400_000;
const DURATION_PATTERN = '^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+)$';

/** `90s`, `10m`, `2h`; milliseconds once parsed. A bare number is refused, because it does not say of what; 0 needs no unit. */
export const duration = (least = 0, leastShown = '0') =>
  written(
    (raw, refuse) => {
      if (typeof raw === 'number' && raw !== 0) return refuse(`needs a unit: ${raw}s, ${raw}m or ${raw}h`);
      const milliseconds = raw === 0 ? 0 : typeof raw === 'string' ? parseDuration(raw) : null;
      if (milliseconds === null) {
        const unitless = typeof raw === 'string' && /^\d+(\.\d+)?$/.test(raw.trim());
        return unitless ? refuse(`needs a unit: ${raw}s, ${raw}m or ${raw}h`) : refuse(`must be a duration such as 90s, 10m or 2h, not ${shown(raw)}`);
      }
      if (milliseconds < least) return refuse(`must be at least ${leastShown}, not ${shown(raw)}`);
      if (milliseconds > LONGEST_MS) return refuse(`must be at most 24d, not ${shown(raw)}`);
      return milliseconds;
    },
    { anyOf: [{ type: 'string', pattern: DURATION_PATTERN }, { const: 0 }] },
  );

/** Words that YAML 1.1 took for booleans; files written for an earlier runner have them. */
const YES_NO: Readonly<Record<string, boolean>> = { yes: true, on: true, true: true, no: false, off: false, false: false };

export const yesNo = () =>
  written(
    (raw, refuse) => {
      const value = typeof raw === 'boolean' ? raw : typeof raw === 'string' ? YES_NO[raw.toLowerCase()] : undefined;
      return value ?? refuse(`must be true or false, not ${shown(raw)}`);
    },
    { type: 'boolean' },
  );

/** `a, b or c`. */
export const oneOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/** One of the words, or one of the aliases, which becomes the word it stands for. */
export const choice = <const W extends string>(words: readonly W[], aliases: Readonly<Record<string, W>> = {}) =>
  written(
    (raw, refuse): W => {
      if (typeof raw !== 'string') return refuse(`must be ${oneOf(words)}, not ${shown(raw)}`);
      const word = words.find((known) => known === raw) ?? (Object.hasOwn(aliases, raw) ? aliases[raw] : undefined);
      return word ?? refuse(`must be ${oneOf(words)}, not ${shown(raw)}.${didYouMean(raw, [...words, ...Object.keys(aliases)])}`);
    },
    { type: 'string', enum: [...words, ...Object.keys(aliases)] },
  );

/** Non-empty text. A number is not turned into text, because YAML has lost its digits by then (`1.10`). */
export const text = () =>
  written(
    (raw, refuse) => {
      if (typeof raw === 'number' || typeof raw === 'boolean') return refuse(`must be text, not ${shown(raw)}; put it in quotes`);
      if (typeof raw !== 'string' || raw.trim() === '') return refuse(`must be text, not ${shown(raw)}`);
      return raw.includes('\0') ? refuse('must not hold a NUL character') : raw;
    },
    { type: 'string', minLength: 1 },
  );

/** A whole number. */
export const whole = (least = 0) => z.int().min(least);
/** An amount that may have decimals. */
export const amount = () => z.number().nonnegative();
