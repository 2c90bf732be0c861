import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';

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

/** The token in a file, made there once: 32 random bytes in hexadecimal, for this user alone to read. */
export function ensureToken(file: string): string {
  const found = readToken(file);
  if (found !== null) {
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
    return found;
  }
  const token = randomBytes(32).toString('hex');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return token;
}

/** Whether two secrets are the same, in a time that tells nothing of where they differ. */
export const sameSecret = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
