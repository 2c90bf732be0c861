import type { ErrorClass } from '../event.ts';
import { statusClass } from '../status-class.ts';

/** What opencode tells of an error in fields of a fixed meaning. */
export interface OpencodeError {
  readonly name: string;
  readonly status: number | null;
  readonly retryable: boolean;
}

const NAMES: Readonly<Record<string, ErrorClass>> = {
  ProviderAuthError: 'auth',
  ContextOverflowError: 'context_overflow',
  MessageOutputLengthError: 'context_overflow',
  ContentFilterError: 'refusal',
  StructuredOutputError: 'protocol',
};

/** Class of an error, from status and name; what it says is not looked at. */
export function opencodeErrorClass({ name, status, retryable }: OpencodeError): ErrorClass {
  if (status !== null) return statusClass(status);
  // A request that had no answer, and that it would have tried again.
  if (name === 'APIError') return retryable ? 'network' : 'protocol';
  return NAMES[name] ?? 'crash';
}
