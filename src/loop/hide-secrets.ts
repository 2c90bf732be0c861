import { findSecrets } from '../base/secrets.ts';

/** A text for the state, a record or a commit: what looks like a secret is replaced, and the values that are known to be one. */
export function hideSecrets(text: string, values: readonly string[] = []): string {
  let shown = '';
  let at = 0;
  for (const { rule, index, length } of findSecrets(text, 'log')) {
    shown += `${text.slice(at, index)}[redacted:${rule}]`;
    at = index + length;
  }
  // A short one would hide half of every text.
  return values.filter((value) => value.length >= 8).reduce((hidden, value) => hidden.replaceAll(value, '[redacted]'), shown + text.slice(at));
}

/** Whether a value of somebody else's holds what must not be committed. */
export const holdsSecret = (value: unknown): boolean => findSecrets(JSON.stringify(value) ?? '').length > 0;
