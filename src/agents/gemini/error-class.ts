import type { ErrorClass } from '../event.ts';
import { statusClass } from '../status-class.ts';

/**
 * Gemini tells errors as a text only. These are the whole messages of its own `result` and `error` lines, as of version
 * 0.61.0; the recorded ones are in test/golden/agents/gemini. They are matched against those lines alone, never
 * against what a model says.
 */
const MESSAGES: readonly (readonly [whole: RegExp, of: ErrorClass])[] = [
  // It adds the second line to a 429, and to nothing else.
  [/^\[API Error: .*\]\n(?:Please wait and try again later\. To increase your limits|Possible quota limitations in place).*$/s, 'rate_limit'],
  [/^\[API Error: (?:exception )?(?:TypeError: )?fetch failed\b.*\]$/s, 'network'],
  [/^\[API Error: terminated\]$/, 'network'],
  [/^\[API Error: (?:read|connect|getaddrinfo) E[A-Z]+\b.*\]$/s, 'network'],
  [/^(?:Model stream|Invalid stream)\b.*$/s, 'protocol'],
];

/** Errors that name the server's whole answer. */
const ANSWER = /^\[API Error: (\{.*\})\]$/s;

/** Class of gemini's error message; null for one that is not in the table. */
export function geminiErrorClass(message: string): ErrorClass | null {
  const answer = ANSWER.exec(message)?.[1];
  if (answer !== undefined) return answerClass(answer);
  return MESSAGES.find(([whole]) => whole.test(message))?.[1] ?? null;
}

/** Whether the message tells that nothing is left for the day; gemini names no time. */
export const isDailyQuota = (message: string): boolean => /^\[API Error: You have exhausted your (?:daily quota|capacity) on this model\.\]\n/.test(message);

interface Answer {
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly details?: unknown };
}

function answerClass(text: string): ErrorClass | null {
  let error: Answer['error'];
  try {
    error = (JSON.parse(text) as Answer).error;
  } catch {
    return null;
  }
  if (typeof error?.code !== 'number') return null;
  const details: unknown[] = Array.isArray(error.details) ? error.details : [];
  if (details.some((detail) => (detail as { reason?: unknown } | null)?.reason === 'API_KEY_INVALID')) return 'auth';
  // The server's own words, which have no code of their own.
  if (typeof error.message === 'string' && /^The input token count \(\d+\) exceeds the maximum number of tokens allowed\b/.test(error.message)) return 'context_overflow';
  return statusClass(error.code);
}

/**
 * Class that gemini's exit code tells; null for one that tells nothing. After an error of the server it is the HTTP status
 * modulo 256; a few of its own are below that.
 */
export function geminiExitClass(exit_code: number): ErrorClass | null {
  if (exit_code === 41) return 'auth';
  if (exit_code === 42 || exit_code === 52) return 'protocol';
  // 529, which some servers in front of a model send, is 17.
  if (exit_code === 529 % 256) return 'overloaded';
  // 400 is 144, and 511 is 255.
  return exit_code >= 144 && exit_code <= 255 ? statusClass(exit_code + 256) : null;
}
