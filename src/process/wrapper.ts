import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { groupAlive } from './group.ts';
import type { PidMoment } from './proc.ts';
import { READ_WORDS, encodeWords, hasNul } from './words.ts';

/** Shell text that reads a task into `__file`, `__input`, `__left` (the number of variables) and, variables first, the positional parameters. */
export const READ_TASK = `${READ_WORDS}__file=$1; __input=$2; __left=$3; shift 3
`;

/** Shell text that puts those variables into the environment. */
export const EXPORT_VARIABLES = 'while [ "$__left" -gt 0 ]; do export "$1"; shift; __left=$((__left - 1)); done';

/**
 * The shell that stands between us and an agent. It is constant: what to run comes as data, over its stdin. It writes its
 * own pid (which is the process group, as it is started in a session of its own) to a file, runs the agent as its child
 * and writes the exit status there and to descriptor 3, so that it is known although a grandchild may still hold stdout.
 * When its stdin ends before it was told anything, it ends too.
 *
 * stdout and stderr go through relays: should the orchestrator be killed, a relay turns into a drain, and the agent comes
 * to its own end instead of dying of a broken pipe. Relays outlast SIGTERM, so that an agent's last words while it tidies
 * up are still carried; they end with the last writer, or by SIGKILL. The rest does not outlast it: no exit status is
 * written for an agent that was ended together with its group, as that is not its own.
 */
const SCRIPT = `shift $#
relay() { trap "" PIPE TERM INT HUP; cat || cat >/dev/null; }
begin() {
${READ_TASK}${EXPORT_VARIABLES}
echo $$ >"$__file"
"$@" <"$__input" 3>&- 4>&- 5>&-; __status=$?; echo $__status >>"$__file"; echo $__status >&3
}
{ { begin 2>&1 1>&4 4>&- 5>&- | relay >&5 3>&- 4>&- 5>&-; } 4>&1 | relay 3>&- 5>&-; } 5>&2
`;

/** Where a wrapper stands; what it will run there is told later. */
export interface WrapperPlace {
  readonly cwd: string;
  /** The whole environment: nothing of our own is added. */
  readonly env: Readonly<Record<string, string>>;
}

export interface WrapperTask {
  /** Gets two lines: the wrapper's pid, and the exit status once there is one. */
  readonly status_file: string;
  readonly stdin_file: string;
  /** Added to the environment. */
  readonly variables: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
}

/** A wrapper that runs and waits to be told what to run. */
export interface Wrapper {
  /** Undefined when there is no `sh`; then `closed` rejects. */
  readonly pid: number | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit status as a line. */
  readonly status: Readable;
  /** Resolves once it has ended and its output is read; of one that runs several agents, once this agent has. */
  readonly closed: Promise<void>;
  begin(task: WrapperTask): void;
  /** Whether anything else of its group still runs, its agent having ended. `since`: before the agent was there. */
  hasOthers(since: PidMoment | null): boolean;
  /** To be called when all is over. `clean`: nothing was left behind and nothing was ended from outside. */
  release(clean: boolean): void;
  /** Ends one that was told nothing. */
  dismiss(): void;
}

/** Starts a wrapper. `label` stands in its arguments, where `ps` shows it. */
export function startWrapper(place: WrapperPlace, label: string): Wrapper {
  const child = spawn('sh', ['-c', SCRIPT, 'orchestrator-agent', label], {
    cwd: place.cwd,
    env: place.env,
    // A session of its own: a Ctrl-C at the terminal reaches us, and we decide.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const { stdin } = child;
  // One that has just died takes no task; its end says it.
  stdin.on('error', () => undefined);
  const closed = new Promise<void>((resolve, reject) => child.once('close', () => resolve()).once('error', reject));
  closed.catch(() => undefined);
  return {
    pid: child.pid,
    stdout: child.stdout,
    stderr: child.stderr,
    status: child.stdio[3] as Readable,
    closed,
    begin: (task) => void stdin.end(encodeTask(task)),
    hasOthers: () => child.pid !== undefined && groupAlive(child.pid),
    release: () => undefined,
    dismiss: () => void stdin.end(),
  };
}

/** A task as the shell reads it. */
export function encodeTask({ status_file, stdin_file, variables, argv }: WrapperTask): string {
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const words = [status_file, stdin_file, String(assignments.length), ...assignments, ...argv];
  // A shell would take such a name for something else.
  if (!Object.keys(variables).every((name) => /^[A-Z_][A-Z0-9_]*$/.test(name)) || hasNul(words)) throw new TypeError('A variable or an argument that no process can be given.');
  return encodeWords(words);
}

/** What a wrapper has written so far; null for each that is not there yet. */
export interface WrapperStatus {
  readonly pid: number | null;
  readonly exit: number | null;
}

export function readWrapperStatus(statusFile: string): WrapperStatus {
  let text: string;
  try {
    text = readFileSync(statusFile, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    text = '';
  }
  // What follows the last newline is a number that is still being written.
  const [pid = null, exit = null] = text.split('\n').slice(0, -1).map((line) => (/^\d+$/.test(line) ? Number(line) : null));
  return { pid, exit };
}
