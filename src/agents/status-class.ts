import type { ErrorClass } from './event.ts';

/** Class of the HTTP status of a model's server that ended a run. */
export function statusClass(status: number): ErrorClass {
  if (status === 401 || status === 403) return 'auth';
  if (status === 402) return 'quota';
  if (status === 408) return 'network';
  if (status === 413) return 'context_overflow';
  if (status === 429) return 'rate_limit';
  return status >= 500 ? 'overloaded' : 'protocol';
}
