import { spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { groupMembers } from './group.ts';
import { READ_TASK, encodeTask } from './wrapper.ts';
import type { Wrapper, WrapperPlace } from './wrapper.ts';

/**
 * A wrapper that runs one agent after another, all in one place. To start a shell from Node and to let it grow its relays costs
 * more than a commit; this one does it once. See docs/adr/0008-fewer-and-cheaper-processes.md. Linux only.
 *
 * Each agent gets fresh ends of two named pipes, so that the end of its output is known as ever: nobody has it open any more.
 * The shell and its guard hold only reading ends. Should the orchestrator be killed, the guard learns it by descriptor 4 and
 * drains both pipes, and the agent comes to its own end.
 */
export interface ReusableWrapper {
  /** `impossible`: it ended before it was ever idle, as it will the next time. */
  readonly state: 'starting' | 'idle' | 'busy' | 'gone' | 'impossible';
  /** For one agent. Only while idle. */
  take(): Wrapper;
  /** Ends it, as soon as its agent has ended. This process goes on until it is gone. */
  dismiss(): void;
}

/** Constant. A reading end of a pipe that has no writer can only be had by way of one that is both. */
const SCRIPT = `shift $#
IFS= read -r folder && mkfifo "$folder/out" "$folder/err" || exit 1
exec 6<>"$folder/out" 7<"$folder/out" 6>&-
exec 6<>"$folder/err" 8<"$folder/err" 6>&-
{ while read -r _; do :; done <&4; cat <&7 >/dev/null & cat <&8 >/dev/null & wait; } 3>&- &
exec 4<&-
echo $! >&3
one() {
${READ_TASK}echo $$ >"$file"
( while [ "$variables" -gt 0 ]; do export "$1"; shift; variables=$((variables - 1)); done; exec "$@" ) <"$input" >/proc/self/fd/7 2>/proc/self/fd/8 3>&- 7<&- 8<&-
s=$?; echo $s >>"$file"; echo $s >&3
}
while :; do one; done
`;

const NONBLOCKING = constants.O_RDONLY | constants.O_NONBLOCK;

/** Starts one; it is idle a few milliseconds later, or impossible where there are no named pipes. Throws where no temporary folder can be made. */
export function startReusableWrapper(place: WrapperPlace): ReusableWrapper {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-'));
  const child = spawn('sh', ['-c', SCRIPT, 'orchestrator-agent', 'ready'], {
    cwd: place.cwd,
    env: place.env,
    // A session of its own: a Ctrl-C at the terminal reaches us, and we decide.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const stdin = child.stdin as Writable;
  const lines = child.stdio[3] as Readable;
  const lifeline = child.stdio[4] as Socket;
  for (const stream of [stdin, lines, lifeline]) stream.on('error', () => undefined);
  let pipes: { readonly out: number; readonly err: number; readonly guard: number } | null = null;
  let use: { readonly stdout: Readable; readonly stderr: Readable; readonly status: Readable } | null = null;
  let gone = false;
  let dismissed = false;
  const dismiss = (): void => {
    dismissed = true;
    stdin.end();
  };

  lines.on('data', (chunk: Buffer) => {
    if (use !== null) {
      use.status.push(chunk);
      use.status.push(null);
      return;
    }
    if (pipes !== null || gone) return;
    pipes = { out: openSync(join(folder, 'out'), NONBLOCKING), err: openSync(join(folder, 'err'), NONBLOCKING), guard: Number(chunk) };
    // From here on both are known by their descriptors alone.
    rmSync(folder, { recursive: true, force: true });
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  // The guard goes when the wrapper has gone, not before: it would take an agent's words for itself. Only half of the lifeline is
  // closed here; the guard closes the other by its end, for which `closed` waits.
  child.once('exit', () => {
    lifeline.resume().end();
    // Who waits for the end of what nobody has begun to write would wait for ever: a writer that comes and goes makes it known.
    if (use !== null && pipes !== null) for (const descriptor of [pipes.out, pipes.err]) closeSync(openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK));
  });
  void closed.then(() => {
    gone = true;
    if (pipes === null) rmSync(folder, { recursive: true, force: true });
    else for (const descriptor of [pipes.out, pipes.err]) closeSync(descriptor);
    use?.status.push(null);
  });
  stdin.write(`${folder}\n`);

  /** A new reading end of the pipe that a descriptor stands for. */
  const readingEnd = (descriptor: number): Socket => new Socket({ fd: openSync(`/proc/self/fd/${descriptor}`, NONBLOCKING), readable: true, writable: false });

  return {
    get state() {
      if (gone || dismissed) return pipes === null && !dismissed ? 'impossible' : 'gone';
      if (pipes === null) return 'starting';
      return use === null ? 'idle' : 'busy';
    },
    take() {
      const { pid } = child;
      if (pipes === null || use !== null || pid === undefined) throw new Error('The wrapper is at work, or not there.');
      const { guard } = pipes;
      const mine = { stdout: readingEnd(pipes.out), stderr: readingEnd(pipes.err), status: new Readable({ read: () => undefined }) };
      use = mine;
      const told = new Promise<void>((resolve) => mine.status.once('end', resolve).once('close', resolve));
      return {
        ...mine,
        pid,
        closed: Promise.race([told, closed]),
        begin: (task) => void stdin.write(encodeTask(task)),
        hasOthers: () => groupMembers(pid, pid).some((member) => member !== pid && member !== guard),
        release(clean) {
          for (const stream of [mine.stdout, mine.stderr]) stream.destroy();
          use = null;
          if (!clean) dismiss();
        },
        dismiss,
      };
    },
    dismiss,
  };
}
