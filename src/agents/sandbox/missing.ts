import type { Failure } from '../../base/failure.ts';

/** Failure where a sandbox is demanded and cannot be had. */
export const sandboxMissing = (problem: string): Failure => ({
  code: 'sandbox_missing',
  kind: 'precondition',
  message: `sandbox: strict is set, but there is no sandbox: ${problem}.`,
  hint: 'Install it, or set sandbox: auto (on where it can be) or off. orchestrator doctor says what is missing.',
});
