import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { defineResource } from '../../spine/resource.ts';
import { sameSecret } from '../daemon/token.ts';

/** A login link is followed at once or not at all. */
const LINK_MS = 2 * 60_000;
/** Open links; older ones give way. */
const MOST_LINKS = 16;
const SESSION_S = 30 * 24 * 3600;

/** Opens sessions for browsers, which cannot be given a token any other way without it staying in their history. */
export interface Login {
  /** A URL that opens one session, once, within two minutes. */
  newLink(): string;
  /** The `Set-Cookie` header for a link's code; null where it is not or no longer good. */
  redeem(code: string): string | null;
  /** Whether a `Cookie` header holds a session that is still good. */
  hasSession(cookie: string): boolean;
}

export const LOGIN = defineResource<Login>('login');

/**
 * Sessions are not stored: a cookie holds when it ends and a proof made with the token, so that it outlives a restart of
 * the daemon and ends with a change of the token, which itself never goes to a browser.
 */
export function createLogin(settings: { readonly token: string; readonly url: string; readonly port: number; readonly clock: Clock }): Login {
  const { token, url, port, clock } = settings;
  /** When each code ends, by its digest: looking one up takes as long for a wrong code as for a right one. */
  const links = new Map<string, number>();
  // Cookies do not know ports: another workspace's daemon has its own.
  const name = `orchestrator_${port}`;
  const proofOf = (ends: number): string => createHmac('sha256', token).update(`session ${ends}`).digest('base64url');
  return {
    newLink() {
      const code = randomBytes(24).toString('base64url');
      links.set(digest(code), clock.monotonic() + LINK_MS);
      for (const oldest of links.keys()) if (links.size > MOST_LINKS) links.delete(oldest);
      return `${url}/login?code=${code}`;
    },
    redeem(code) {
      const key = digest(code);
      const ends = links.get(key);
      links.delete(key);
      if (ends === undefined || ends < clock.monotonic()) return null;
      const until = Math.floor(clock.now().getTime() / 1000) + SESSION_S;
      return `${name}=${until}.${proofOf(until)}; Path=/; Max-Age=${SESSION_S}; HttpOnly; SameSite=Strict`;
    },
    hasSession(cookie) {
      for (const part of cookie.split(';')) {
        const [, ends, proof] = new RegExp(`^\\s*${name}=(\\d{1,12})\\.([\\w-]+)\\s*$`).exec(part) ?? [];
        if (ends === undefined || proof === undefined) continue;
        if (sameSecret(proof, proofOf(Number(ends))) && Number(ends) * 1000 > clock.now().getTime()) return true;
      }
      return false;
    },
  };
}

const digest = (code: string): string => createHash('sha256').update(code).digest('base64url');
