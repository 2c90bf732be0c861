import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { replaceFile } from '../base/replace-file.ts';
import { showsToken } from '../loop/contract.ts';
import type { Places } from '../loop/contract.ts';

/**
 * What the tools of a unit's agent may know, in the worktree's own git folder: an agent may read it there and not write.
 * The store is hidden from it.
 */
export const Binding = z.object({
  unit: z.string(),
  attempt: z.string(),
  phase: z.string(),
  /** Digest of the token that its tools show. */
  token: z.string(),
  outcome: z.string(),
  branch: z.string(),
  target: z.string(),
  base: z.string(),
  notes: z.array(z.string()),
  /** How long a question keeps its tool waiting. Milliseconds. */
  question_wait: z.number(),
});
export type Binding = z.infer<typeof Binding>;

const Conflicts = z.object({ conflicts: z.array(z.string()) });

const bindingFile = (places: Places): string => join(places.control, 'unit.json');
const conflictsFile = (places: Places): string => join(places.control, 'conflicts.json');

export function bind(places: Places, binding: Binding): void {
  mkdirSync(places.control, { recursive: true });
  replaceFile(bindingFile(places), `${JSON.stringify(binding)}\n`);
}

export const unbind = (places: Places): void => rmSync(bindingFile(places), { force: true });

/** What a unit's agent is told of other work now. */
export function writeConflicts(places: Places, conflicts: readonly string[]): void {
  mkdirSync(places.control, { recursive: true });
  replaceFile(conflictsFile(places), `${JSON.stringify({ conflicts })}\n`);
}

export const readConflicts = (places: Places): readonly string[] => read(conflictsFile(places), Conflicts)?.conflicts ?? [];

/** The call that whoever has this environment was started for. Failure `not_bound`: it is over, or nobody's. */
export function boundUnit(places: Places, environment: Readonly<Record<string, string | undefined>>): Result<Binding> {
  const binding = read(bindingFile(places), Binding);
  const bound = binding !== null && binding.attempt === environment['ORCHESTRATOR_TURN_ID'] && binding.unit === environment['ORCHESTRATOR_UNIT'] && showsToken(environment, binding.token);
  if (bound) return ok(binding);
  return fail({ code: 'not_bound', kind: 'precondition', message: 'These tools belong to the call of a work unit\'s agent, and this caller was not started for one that is under way.', hint: 'They are passed to an agent by the pool, for that call alone.' });
}

function read<T extends z.ZodType>(path: string, shape: T): z.output<T> | null {
  try {
    const parsed = shape.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
