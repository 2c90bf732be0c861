import type { Failure, Result } from '../base/failure.ts';

/** The one JSON document that a command prints with `--json`. */
export type Envelope = { readonly ok: true; readonly data: unknown } | { readonly ok: false; readonly error: Failure };

export const envelope = (result: Result<unknown>): Envelope => (result.ok ? { ok: true, data: result.value } : { ok: false, error: result.failure });
