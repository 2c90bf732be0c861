import { realpathSync } from 'node:fs';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { findWorkspace } from '../config/find-workspace.ts';
import type { AnyOperation } from '../spine/operation.ts';
import { askDaemon } from './ask-daemon.ts';
import { daemonNotRunning } from './daemon/failures.ts';
import { daemonPlaces } from './daemon/places.ts';
import { runningDaemon } from './daemon/record.ts';
import { readToken } from './daemon/token.ts';
import { failureFrom } from './http/problem.ts';
import { routeOf } from './http/routes.ts';

/** Where a call comes from. */
export interface Forwarder {
  readonly directory: string;
  readonly config_file: string | null;
  readonly signal: AbortSignal;
}

/**
 * Hands an operation on to the daemon of the workspace that the caller stands in. The daemon's failures come back as they
 * are; besides, `daemon_not_running` and `daemon_unreachable` (unavailable).
 */
export async function forwardToDaemon(from: Forwarder, operation: AnyOperation, input: unknown): Promise<Result<unknown>> {
  const found = await findWorkspace({ directory: from.directory, config: from.config_file, cwd: from.directory });
  if (!found.ok) return found;
  const workspace = realpathSync(found.value.workspace);
  const places = daemonPlaces(workspace);
  const record = runningDaemon(places, workspace);
  if (record === null) return fail(daemonNotRunning(workspace));
  const token = readToken(places.token);
  const answer = await askDaemon(record, { method: 'POST', path: routeOf(operation.name), body: input, signal: from.signal, ...(token === null ? {} : { token }) });
  if (!answer.ok) return answer;
  const { status, text } = answer.value;
  const document = parse(text);
  if (status === 200 && document !== undefined) return ok(document);
  return fail(failureFrom(document) ?? { code: 'daemon_unreachable', kind: 'unavailable', message: `What answers at ${record.url} is no daemon of orchestrator's (status ${status}).`, details: { url: record.url, status } });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
