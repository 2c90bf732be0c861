import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

/** Digest of the input file's content, null when there is none. It may be ignored by git, so git cannot tell. */
export async function inputDigest(path: string): Promise<string | null> {
  try {
    // A pipe in its place would be waited for without end.
    if (!(await stat(path)).isFile()) return 'not a file';
    return createHash('sha256').update(await readFile(path)).digest('hex');
  } catch {
    return null;
  }
}
