import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Digest of the input file's content, null when there is none. It may be ignored by git, so git cannot tell. */
export async function inputDigest(path: string): Promise<string | null> {
  try {
    return createHash('sha256').update(await readFile(path)).digest('hex');
  } catch {
    return null;
  }
}
