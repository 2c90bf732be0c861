import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** Digest of the input file's content, null when there is none. It may be ignored by git, so git cannot tell. */
export function inputDigest(path: string): string | null {
  try {
    // A pipe in its place would be waited for without end.
    if (!statSync(path).isFile()) return 'not a file';
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return null;
  }
}
