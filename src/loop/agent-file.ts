import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';

/** No file that an agent writes for us needs to be larger. Bytes. */
const LIMIT = 4 * 1024 * 1024;

/**
 * Reads a file that an agent could have put anything in the place of. Only a regular file of at most `limit` bytes (4 MiB) is read; a
 * link is not followed, and a pipe is not waited for. Null when there is nothing; failure `not_a_file` for anything else.
 */
export function readAgentFile(path: string, limit = LIMIT): Result<string | null> {
  const refuse = (why: string): Result<never> => fail({ code: 'not_a_file', kind: 'failed', message: `${path} ${why}` });
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return ok(null);
    return refuse(code === 'ELOOP' ? 'is a link' : `cannot be opened (${code ?? 'unknown reason'})`);
  }
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) return refuse('is not a regular file');
    if (facts.size > limit) return refuse(`has ${facts.size} bytes, more than ${limit}`);
    return ok(readFileSync(file, 'utf8'));
  } finally {
    closeSync(file);
  }
}
