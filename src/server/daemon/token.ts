import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What is shorter could be guessed by whoever reaches the port. Characters. */
const SHORTEST = 16;

export const isStrong = (token: string): boolean => token.length >= SHORTEST;

/** The token in a file; null where there is none. */
export function readToken(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/**
 * The token in a file, made there once: 32 random bytes in hexadecimal, for this user alone to read. `seal` is a file that
 * no agent may write and that tells which token was ours: one that somebody else laid down would let them in, and is
 * replaced. Null where a person has set the token on purpose, or where there is no such place.
 */
export function ensureToken(file: string, seal: string | null): string {
  const found = readToken(file);
  const ours = seal === null || (found !== null && readToken(seal) === digest(found).toString('hex'));
  if (found !== null && ours) {
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
    return found;
  }
  const token = randomBytes(32).toString('hex');
  // Whatever stands there may be a link to somewhere else.
  rmSync(file, { force: true, recursive: true });
  if (seal !== null) {
    mkdirSync(dirname(seal), { recursive: true });
    writeFileSync(seal, `${digest(token).toString('hex')}\n`, { mode: 0o600 });
  }
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return token;
}

/** Whether two secrets are the same, in a time that tells nothing of where they differ. */
export const sameSecret = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
