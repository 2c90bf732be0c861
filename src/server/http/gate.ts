import { isIP } from 'node:net';
import { authority, isLoopback } from '../../base/address.ts';
import { sameSecret } from '../daemon/token.ts';
import { refusal } from './problem.ts';
import type { Refusal } from './problem.ts';

/** What decides about a request before anything else looks at it. */
export interface GateHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
}

export interface GateSettings {
  /** What the daemon listens on. */
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** Whether a `Cookie` header holds a session that a login link opened. */
  readonly hasSession: (cookie: string) => boolean;
}

/** Paths that need no token. */
const OPEN: readonly string[] = ['/health', '/login'];

/**
 * Why a request goes no further; null where it may. In this order: `Host`, so that no name of somebody else's that was
 * made to point here gets an answer (DNS rebinding); `Origin`, so that no page of another site acts for the person who
 * looks at it (CSRF); then the token, so that nobody without it learns which routes there are.
 */
export function refuseRequest(path: string, headers: GateHeaders, settings: GateSettings): Refusal | null {
  const { host, origin, authorization, cookie } = headers;
  if (host === undefined || !isOurs(host, settings)) {
    return refusal({ code: 'host_refused', kind: 'precondition', message: `${JSON.stringify(host ?? '')} is not where this daemon listens.`, hint: 'Use the address that `orchestrator daemon status` shows.' }, 403);
  }
  if (origin !== undefined && !(origin.startsWith('http://') && isOurs(origin.slice('http://'.length), settings))) {
    return refusal({ code: 'origin_refused', kind: 'precondition', message: `Pages of ${JSON.stringify(origin)} may not talk to this daemon.` }, 403);
  }
  if (OPEN.includes(path)) return null;
  const bearer = /^Bearer +(.*\S) *$/i.exec(authorization ?? '')?.[1];
  if (bearer !== undefined && sameSecret(bearer, settings.token)) return null;
  if (bearer === undefined && cookie !== undefined && settings.hasSession(cookie)) return null;
  return refusal({ code: 'unauthorized', kind: 'precondition', message: 'This needs the token of the daemon.', hint: 'Send it as `Authorization: Bearer …` (.orchestrator/token), or open the link of `orchestrator daemon url`.' }, 401);
}

/** Whether `host:port` is this daemon: as it was told to listen, or by a name or address that nobody else can point here. */
function isOurs(given: string, { host, port }: GateSettings): boolean {
  const name = given.toLowerCase();
  if (name === authority(host, port).toLowerCase()) return true;
  // Browsers leave the port of http out.
  const suffix = port === 80 && !/:\d+$/.test(name) ? '' : `:${port}`;
  if (suffix !== '' && !name.endsWith(suffix)) return false;
  const bare = name.slice(0, name.length - suffix.length);
  if (isLoopback(host)) return ['127.0.0.1', 'localhost', '[::1]'].includes(bare);
  // Bound to all addresses: an address in figures is no name that could be made to point here.
  const unspecified = host === '0.0.0.0' || host === '::';
  return unspecified && (bare === 'localhost' || isIP(bare.replace(/^\[(.*)\]$/, '$1')) !== 0);
}
