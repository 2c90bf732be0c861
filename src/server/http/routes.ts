import type { AnyOperation, OperationName } from '../../spine/operation.ts';

/** Verbs of operations that only tell something, whatever their transaction. */
const TELLING: readonly string[] = ['list', 'show', 'get', 'explain', 'graph'];

/** `loop.status.show` is at `/api/v1/loop/status/show`. */
export const routeOf = (name: OperationName): string => `/api/v1/${name.split('.').join('/')}`;

/** Whether an operation may be asked for with GET: it changes nothing. */
export function isTelling(operation: AnyOperation): boolean {
  if (operation.starts_work || operation.transaction === 'write') return false;
  return operation.transaction === 'read' || TELLING.includes(operation.name.split('.').at(-1) ?? '');
}

/** For everybody with the token, and described in the OpenAPI document. */
export const isPublic = (operation: AnyOperation): boolean => operation.surfaces.includes('http');

/** What has a route: besides, whatever the command line hands on to the daemon. */
export const hasRoute = (operation: AnyOperation): boolean => isPublic(operation) || (operation.runs_in === 'daemon' && operation.surfaces.includes('cli'));
