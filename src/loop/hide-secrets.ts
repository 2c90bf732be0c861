import { findSecrets } from '../base/secrets.ts';

/** A text for the state, a record or a commit: what looks like a secret is replaced. */
export function hideSecrets(text: string): string {
  let shown = '';
  let at = 0;
  for (const { rule, index, length } of findSecrets(text, 'log')) {
    shown += `${text.slice(at, index)}[redacted:${rule}]`;
    at = index + length;
  }
  return shown + text.slice(at);
}

/** Whether a value of somebody else's holds what must not be committed. */
export const holdsSecret = (value: unknown): boolean => findSecrets(JSON.stringify(value) ?? '').length > 0;
