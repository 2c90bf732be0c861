import type { ErrorClass } from '../event.ts';
import { statusClass } from '../status-class.ts';

/** What claude tells of an error in fields of a fixed meaning. */
export interface ClaudeError {
  /** HTTP status, where there was an answer. */
  readonly status: number | null;
  /** The `error` of the last assistant line. */
  readonly kind: string | null;
  readonly stop_reason?: string | null | undefined;
  readonly terminal_reason?: string | null | undefined;
  readonly subtype?: string | undefined;
}

const KINDS: Readonly<Record<string, ErrorClass>> = {
  authentication_failed: 'auth',
  oauth_org_not_allowed: 'auth',
  rate_limit: 'rate_limit',
  overloaded: 'overloaded',
  max_output_tokens: 'context_overflow',
  invalid_request: 'protocol',
  model_not_found: 'protocol',
};

/** Class of an error, from status, kind and reasons; what it says is not looked at. */
export function claudeErrorClass(error: ClaudeError): ErrorClass {
  const { status, kind } = error;
  if (error.stop_reason === 'refusal') return 'refusal';
  if (error.terminal_reason === 'prompt_too_long') return 'context_overflow';
  // An empty account is answered with status 400; only the kind tells it from a bad request.
  if (kind === 'billing_error' || status === 402 || error.subtype === 'error_max_budget_usd') return 'quota';
  if (status !== null) return statusClass(status);
  // "Unable to connect": a server's error without any answer of a server.
  if (kind === 'server_error') return 'network';
  return (kind === null ? undefined : KINDS[kind]) ?? 'crash';
}

