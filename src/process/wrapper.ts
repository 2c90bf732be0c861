import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The shell that stands between us and an agent. It is constant: the folder and the agent's argv are its arguments,
 * never its text. It writes its own pid (which is the process group, as it is started in a session of its own), runs the
 * agent as its child and writes the exit status to a file and to descriptor 3, so that it is known although a
 * grandchild may still hold stdout.
 *
 * stdout and stderr go through relays: should the orchestrator be killed, a relay turns into a drain, and the agent comes
 * to its own end instead of dying of a broken pipe. Relays outlast SIGTERM, so that an agent's last words while it tidies
 * up are still carried; they end with the last writer, or by SIGKILL. The rest does not outlast it: no exit status is
 * written for an agent that was ended together with its group, as that is not its own.
 */
export const WRAPPER_SCRIPT = `dir=$1; shift
relay() { trap "" PIPE TERM INT HUP; cat || cat >/dev/null; }
echo $$ >"$dir/pid"
{ { { "$@" 3>&- 4>&- 5>&-; s=$?; echo $s >"$dir/exit"; echo $s >&3; } 2>&1 1>&4 4>&- 5>&- | relay >&5 3>&- 4>&- 5>&-; } 4>&1 | relay 3>&- 5>&-; } 5>&2
`;

/** Argv (after `sh`) that runs `argv` under the wrapper; `scratch` is an existing folder. */
export const wrapperArguments = (scratch: string, argv: readonly string[]): string[] => ['-c', WRAPPER_SCRIPT, 'orchestrator-agent', scratch, ...argv];

/** What the wrapper has written so far; null for each that is not there yet. */
export interface WrapperFiles {
  readonly pid: number | null;
  readonly exit: number | null;
}

export function readWrapperFiles(scratch: string): WrapperFiles {
  return { pid: readNumber(join(scratch, 'pid')), exit: readNumber(join(scratch, 'exit')) };
}

function readNumber(path: string): number | null {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  // Without its newline the number is still being written.
  return /^\d+\n$/.test(text) ? Number(text) : null;
}
