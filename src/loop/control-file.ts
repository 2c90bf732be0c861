import type { z } from 'zod';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { readAgentFile } from './agent-file.ts';

/**
 * Reads one of our own JSON files; null when it is not there. A file that does not hold what we write is a failure
 * `control_file_invalid` that names it: guessing what was in flight could lose work.
 */
export function readControlFile<T extends z.ZodType>(path: string, shape: T): Result<z.output<T> | null> {
  const refuse = (why: string): Result<never> =>
    fail({
      code: 'control_file_invalid',
      kind: 'invalid',
      message: `${path} cannot be read: ${why}. Nothing was started.`,
      hint: 'Look at it, then move it away: what it lists as uncommitted work is then treated as yours.',
      details: { file: path },
    });
  // An agent could have put anything in its place: a link, a pipe that nobody writes to.
  const read = readAgentFile(path, Infinity);
  if (!read.ok) return refuse(read.failure.message.slice(path.length + 1));
  if (read.value === null) return ok(null);
  try {
    const parsed = shape.safeParse(JSON.parse(read.value));
    if (parsed.success) return ok(parsed.data);
    const issue = parsed.error.issues[0];
    return refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}
