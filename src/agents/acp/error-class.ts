import type { ErrorClass } from '../event.ts';
import { statusClass } from '../status-class.ts';

/** The protocol's own code: a login is needed first. */
const AUTH_REQUIRED = -32000;

/** Class of an error reply to `session/new` or `session/prompt`, from its code alone; some agents put the HTTP status there. */
export function acpErrorClass(code: number): ErrorClass {
  if (code === AUTH_REQUIRED) return 'auth';
  if (code >= 400 && code <= 599) return statusClass(code);
  // Not JSON-RPC, no such method, parameters that it does not take.
  return code <= -32600 && code >= -32602 ? 'protocol' : 'crash';
}
