/**
 * Expected failures are data. A `Failure` has the same bytes in a file, in `--json`, in an HTTP body and in a tool
 * result; what a kind means for an exit code or an HTTP status stands in one table. A bug throws instead.
 */

/** What sort of thing went wrong; decides exit code, HTTP status and whether trying again can help. */
export type FailureKind =
  | 'failed'
  | 'invalid'
  | 'unknown'
  | 'not_found'
  | 'conflict'
  | 'precondition'
  | 'unavailable'
  | 'needs_person'
  | 'limit'
  | 'timeout'
  | 'interrupted'
  | 'terminated'
  | 'bug';

/** One expected failure. `code` is stable and snake_case; `message` says what happened, to what; `hint` what to do next. */
export interface Failure {
  readonly code: string;
  readonly kind: FailureKind;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

interface KindFacts {
  /** Process exit code. */
  readonly exit: number;
  /** HTTP status of a problem document. */
  readonly status: number;
  /** Whether the same call may succeed later with nothing changed by the caller. */
  readonly retryable: boolean;
}

/** The one table from kind to exit code, HTTP status and retry. */
export const FAILURE_KINDS: Readonly<Record<FailureKind, KindFacts>> = {
  failed: { exit: 1, status: 422, retryable: false },
  invalid: { exit: 2, status: 400, retryable: false },
  /** A command, operation or name of the interface that does not exist. */
  unknown: { exit: 2, status: 404, retryable: false },
  not_found: { exit: 3, status: 404, retryable: false },
  conflict: { exit: 4, status: 409, retryable: true },
  precondition: { exit: 5, status: 412, retryable: false },
  unavailable: { exit: 6, status: 503, retryable: true },
  needs_person: { exit: 7, status: 409, retryable: false },
  limit: { exit: 8, status: 429, retryable: true },
  bug: { exit: 70, status: 500, retryable: false },
  timeout: { exit: 124, status: 504, retryable: true },
  interrupted: { exit: 130, status: 499, retryable: true },
  terminated: { exit: 143, status: 499, retryable: true },
};

/** Either a value or an expected failure. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });

export const fail = (failure: Failure): { readonly ok: false; readonly failure: Failure } => ({ ok: false, failure });

/** Process exit code of a failure. */
export const exitCodeOf = (failure: Failure): number => FAILURE_KINDS[failure.kind].exit;

/**
 * Carries a failure through code that can only throw (a library's callback, a promise chain); it is turned back into
 * data at the nearest edge by `failureOf`. Not for bugs.
 */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'FailureError';
    this.failure = failure;
  }
}

/** The value of a result, or its failure thrown as a `FailureError`. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new FailureError(result.failure);
}

/** What the operating system may refuse at any time without anybody's bug, by its error code. */
const REFUSALS: Readonly<Record<string, { readonly code: string; readonly what: string; readonly hint: string }>> = {
  ENOSPC: { code: 'disk_full', what: 'The disk is full', hint: 'Make room and run again; what was in flight is journalled and will be finished.' },
  EDQUOT: { code: 'disk_full', what: 'The disk quota is used up', hint: 'Make room and run again; what was in flight is journalled and will be finished.' },
  EROFS: { code: 'not_writable', what: 'The file system is read-only', hint: 'Make it writable and run again.' },
  EACCES: { code: 'not_writable', what: 'Permission was denied', hint: 'Give this user the right to it and run again.' },
  EPERM: { code: 'not_writable', what: 'The operation is not permitted', hint: 'Give this user the right to it and run again.' },
  EMFILE: { code: 'out_of_files', what: 'Too many files are open', hint: 'Raise the limit (ulimit -n) and run again.' },
  ENFILE: { code: 'out_of_files', what: 'Too many files are open', hint: 'Raise the limit and run again.' },
  ENOMEM: { code: 'out_of_memory', what: 'Memory is short', hint: 'Free some and run again.' },
};

/** The failure that an error carries, or what the operating system refused; anything else is a bug, its stack kept in `details`. */
export function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  const { code = '', path } = (error ?? {}) as { code?: string; path?: string };
  const refusal = REFUSALS[code];
  if (refusal !== undefined) {
    return { code: refusal.code, kind: 'unavailable', message: `${refusal.what}${path === undefined ? '' : `: ${path}`} (${code}).`, hint: refusal.hint, details: { path: path ?? null } };
  }
  const shown = error instanceof Error ? error : new Error(String(error));
  return {
    code: 'internal',
    kind: 'bug',
    message: `Unexpected error: ${shown.message}`,
    hint: 'This is a bug in orchestrator. Please report it with the details below (--json shows them).',
    details: { stack: shown.stack ?? String(error) },
  };
}
