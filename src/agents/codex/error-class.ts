import type { ErrorClass } from '../event.ts';
import { statusClass } from '../status-class.ts';

/**
 * Codex tells errors as a text only. These are the whole messages of its own error type, as of version 0.169.0; the
 * recorded ones are in test/golden/agents/codex. They are matched against `error` and `turn.failed` lines alone, never
 * against what a model says.
 */
const MESSAGES: readonly (readonly [whole: RegExp, of: ErrorClass | ((match: RegExpExecArray) => ErrorClass)])[] = [
  [/^exceeded retry limit, last status: (\d{3})\b.*$/s, (match) => statusClass(Number(match[1]))],
  [/^unexpected status (\d{3})\b.*$/s, (match) => statusClass(Number(match[1]))],
  [/^You[’']ve hit your usage limit\b.*$/s, 'rate_limit'],
  [/^rate limit exceeded: .*$/s, 'rate_limit'],
  [/^Quota exceeded\. Check your plan and billing details\.$/, 'quota'],
  [/^To use Codex with your ChatGPT plan, upgrade to Plus: .*$/s, 'quota'],
  [/^We[’']re currently experiencing high demand, which may cause temporary errors\.$/, 'overloaded'],
  [/^Selected model is at capacity\. Please try a different model\.$/, 'overloaded'],
  [/^Codex ran out of room in the model[’']s context window\..*$/s, 'context_overflow'],
  [/^Connection failed: .*$/s, 'network'],
  [/^stream disconnected before completion: .*$/s, 'network'],
  [/^Reconnecting\.\.\. waiting for network \(.*\)$/s, 'network'],
  [/^Reconnecting\.\.\. \d+\/\d+(?: \((.*)\))?$/s, (match) => (match[1] === undefined ? 'network' : codexErrorClass(match[1]))],
  [/^Your access token could not be refreshed\b.*$/s, 'auth'],
  // The server's own answer, passed on: a request that it would not take.
  [/^\{"type":"error","error":\{"type":"invalid_request_error".*\}$/s, 'protocol'],
];

/** Class of codex's error message; `crash` for one that is not in the table. */
export function codexErrorClass(message: string): ErrorClass {
  for (const [whole, of] of MESSAGES) {
    const match = whole.exec(message);
    if (match !== null) return typeof of === 'string' ? of : of(match);
  }
  return 'crash';
}

/** Whether the message tells a usage limit; codex names a time of day for people only. */
export const isUsageLimit = (message: string): boolean => /^You[’']ve hit your usage limit\b/.test(message);
