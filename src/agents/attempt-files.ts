import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of the attempt at work, in a folder that one attempt after another uses. They are emptied and written again
 * rather than made anew: on some file systems making a file costs as much as a short git command.
 */

/** The wrapper's pid and the agent's exit status. */
export const statusFile = (scratch: string): string => join(scratch, 'status');

/** The bytes of the agent's stdin. */
export const promptFile = (scratch: string): string => join(scratch, 'prompt');

/** Nothing of an earlier attempt may be taken for this one's: to be called before the journal names this one. */
export function resetAttempt(scratch: string): void {
  writeFileSync(statusFile(scratch), '', { mode: 0o600 });
}
