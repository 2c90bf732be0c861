import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';

/**
 * Reads one of our own JSON files; null when it is not there. A file that does not hold what we write is a failure
 * `control_file_invalid` that names it: guessing what was in flight could lose work.
 */
export function readControlFile<T extends z.ZodType>(path: string, shape: T): Result<z.output<T> | null> {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok(null);
    throw error;
  }
  let why: string;
  try {
    const parsed = shape.safeParse(JSON.parse(content));
    if (parsed.success) return ok(parsed.data);
    const issue = parsed.error.issues[0];
    why = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  return fail({
    code: 'control_file_invalid',
    kind: 'invalid',
    message: `${path} cannot be read: ${why}. Nothing was started.`,
    hint: 'Look at it, then move it away: what it lists as uncommitted work is then treated as yours.',
    details: { file: path },
  });
}
