import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { endGroup, groupMembers } from './group.ts';
import { EXPORT_VARIABLES, READ_TASK, encodeTask } from './wrapper.ts';
import type { Wrapper, WrapperPlace } from './wrapper.ts';

/**
 * A wrapper that runs one agent after another, all in one place. To start a shell from Node and to let it grow its relays costs
 * more than a commit; this one does it once. See docs/adr/0008-fewer-and-cheaper-processes.md. Linux only.
 *
 * Each agent gets fresh ends of two named pipes, so that the end of its output is known as ever: nobody has it open any more.
 * The shell and its guard hold only reading ends, and the names are gone before anybody uses them. Should the orchestrator be
 * killed, the guard learns it by descriptor 4 and drains both pipes, and the agent comes to its own end.
 */
export interface ReusableWrapper {
  /** `impossible`: it ended before it was ever idle, as it will the next time. */
  readonly state: 'starting' | 'idle' | 'busy' | 'gone' | 'impossible';
  /** For one agent. Only while idle. */
  take(): Wrapper;
  /** Ends it, as soon as its agent has ended. This process goes on until it is gone. */
  dismiss(): void;
}

/**
 * Constant. A reading end of a pipe that has no writer can only be had by way of one that is both. The guard drains as long as the
 * wrapper is there (which holds the one writing end of a third pipe), as its agent may be about to begin, and then to the end of
 * what is still written. It stands in braces, as some shells keep what a function's redirections close.
 */
const SCRIPT = `shift $#
IFS= read -r __folder && mkdir -m 700 "$__folder" && mkfifo "$__folder/out" "$__folder/err" "$__folder/alive" || exit 1
exec 6<>"$__folder/out" 7<"$__folder/out" 6>&-
exec 6<>"$__folder/err" 8<"$__folder/err" 6>&-
exec 6<>"$__folder/alive" 5<"$__folder/alive" 9>"$__folder/alive" 6>&-
rm -r "$__folder"
guard() {
while read -r __line; do :; done <&4
exec 3<>/proc/self/fd/8 6<>/proc/self/fd/7
cat <&7 >/dev/null 3>&- 6>&- & cat <&8 >/dev/null 3>&- 6>&- &
while read -r __line; do :; done <&5
exec 3>&- 6>&-
wait
}
{ guard; } 3>&- 9>&- &
echo $! >&3
exec 4<&- 5<&-
one() {
${READ_TASK}echo $$ >"$__file"
( ${EXPORT_VARIABLES}; exec "$@" ) <"$__input" >/proc/self/fd/7 2>/proc/self/fd/8 3>&- 7<&- 8<&- 9>&-
__status=$?; echo $__status >>"$__file"; echo $__status >&3
}
while :; do one; done
`;

/** So long one that was told to go has for it. Milliseconds. */
const GO_MS = 1000;

/** Starts one; it is idle a few milliseconds later, or impossible where there are no named pipes. */
export function startReusableWrapper(place: WrapperPlace): ReusableWrapper {
  const folder = join(tmpdir(), `orchestrator-${randomBytes(9).toString('hex')}`);
  const child = spawn('sh', ['-c', SCRIPT, 'orchestrator-agent', 'ready'], {
    cwd: place.cwd,
    env: place.env,
    // A session of its own: a Ctrl-C at the terminal reaches us, and we decide.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const { pid = 0 } = child;
  const stdin = child.stdin as Writable;
  const lines = child.stdio[3] as Readable;
  const lifeline = child.stdio[4] as Socket;
  for (const stream of [stdin, lines, lifeline]) stream.on('error', () => undefined);
  let state: ReusableWrapper['state'] = 'starting';
  let pipes: Pipes | null = null;
  let use: Use | null = null;
  let exited = false;
  let over = false;
  let late: NodeJS.Timeout | undefined;
  /** What is over ends by itself; what somebody stopped, or holds up, does not. */
  const seeItGo = (): void => {
    if (over) return;
    // The guard takes what nobody reads: it may not go to work while an agent's words are still awaited. Its own end closes the other half.
    if (exited) lifeline.resume().end();
    late ??= setTimeout(() => void (pid > 1 && endGroup(pid)), GO_MS);
  };
  const dismiss = (): void => {
    if (state !== 'impossible') state = 'gone';
    stdin.end();
    if (use === null) seeItGo();
  };
  const letGo = ({ stdout, stderr }: Use): void => {
    stdout.destroy();
    stderr.destroy();
    use = null;
    if (exited || state === 'gone') seeItGo();
  };

  lines.on('data', (chunk: Buffer) => {
    if (use !== null) use.tell(chunk);
    if (state !== 'starting') return;
    try {
      pipes = { out: keep(`/proc/${pid}/fd/7`), err: keep(`/proc/${pid}/fd/8`), guard: Number(chunk) };
      state = 'idle';
    } catch {
      state = 'impossible';
      dismiss();
    }
  });
  lines.once('end', () => use?.tell(null));
  child.once('exit', () => {
    exited = true;
    state = state === 'starting' || state === 'impossible' ? 'impossible' : 'gone';
    if (use === null || pipes === null) return seeItGo();
    // Who waits for the end of what nobody has begun to write would wait for ever: a writer that comes and goes makes it known.
    for (const descriptor of [pipes.out, pipes.err]) closeSync(reopen(descriptor, WRITE));
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  void closed.then(() => {
    over = true;
    clearTimeout(late);
    if (!exited) state = 'impossible';
    if (pipes !== null) for (const descriptor of [pipes.out, pipes.err]) closeSync(descriptor);
    // It removes its folder itself, unless it did not come so far.
    rmSync(folder, { recursive: true, force: true });
  });
  stdin.write(`${folder}\n`);

  return {
    get state() {
      return state === 'idle' && use !== null ? 'busy' : state;
    },
    take() {
      if (pipes === null || use !== null || state !== 'idle') throw new Error('The wrapper is at work, or not there.');
      const { guard } = pipes;
      const mine = openUse(pipes);
      use = mine;
      return {
        pid,
        stdout: mine.stdout,
        stderr: mine.stderr,
        status: mine.status,
        closed: Promise.race([mine.told, closed]),
        begin: (task) => void stdin.write(encodeTask(task)),
        hasOthers: (since) => groupMembers(pid, since).some((member) => member !== pid && member !== guard),
        release(clean) {
          letGo(mine);
          if (!clean) dismiss();
        },
        dismiss() {
          letGo(mine);
          dismiss();
        },
      };
    },
    dismiss,
  };
}

/** Descriptors of the two pipes, and the guard's number. */
interface Pipes {
  readonly out: number;
  readonly err: number;
  readonly guard: number;
}

/** What one agent's wrapper is made of. */
interface Use {
  readonly stdout: Socket;
  readonly stderr: Socket;
  readonly status: Readable;
  /** The exit status, or null when there will be none. Only the first counts. */
  tell(line: Buffer | null): void;
  readonly told: Promise<void>;
}

function openUse({ out, err }: Pipes): Use {
  const [stdout, stderr] = [out, err].map((descriptor) => new Socket({ fd: reopen(descriptor, READ), readable: true, writable: false })) as [Socket, Socket];
  const status = new Readable({ read: () => undefined });
  const { promise: told, resolve } = Promise.withResolvers<void>();
  let known = false;
  return {
    stdout,
    stderr,
    status,
    told,
    tell(line) {
      if (known) return;
      known = true;
      if (line !== null) status.push(line);
      status.push(null);
      resolve();
    },
  };
}

const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const WRITE = constants.O_WRONLY | constants.O_NONBLOCK;

/** Holds a pipe by a reading end of it. */
function keep(path: string): number {
  const descriptor = openSync(path, READ);
  if (fstatSync(descriptor).isFIFO()) return descriptor;
  closeSync(descriptor);
  throw new Error(`${path} is no pipe.`);
}

/** A new end of the pipe that a descriptor stands for. */
const reopen = (descriptor: number, flags: number): number => openSync(`/proc/self/fd/${descriptor}`, flags);
