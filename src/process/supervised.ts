import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { endGroup, endMarked, markedProcesses } from './group.ts';
import { createLineSplitter } from './lines.ts';
import type { Line } from './lines.ts';
import { ON_LINUX, pidMoment } from './proc.ts';
import { watchDeadlines } from './watch.ts';
import type { Deadline } from './watch.ts';
import { startWrapper } from './wrapper.ts';
import type { Wrapper } from './wrapper.ts';

export type OutputStream = 'stdout' | 'stderr';

/** A program to be run to its end under supervision. Paths are absolute; limits are milliseconds, 0 for none. */
export interface SupervisedProgram {
  /** `argv[0]` is the path of an executable file. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The environment, whole but for `variables`: nothing of our own is added. */
  readonly env: Readonly<Record<string, string>>;
  /** What is different in each run. */
  readonly variables: Readonly<Record<string, string>>;
  /** Existing file that becomes stdin. */
  readonly stdin_file: string;
  /** Gets the wrapper's pid and the exit status, a line each; in an existing folder. */
  readonly status_file: string;
  /** A variable of `variables` that no other program has: whoever carries it is ended with this one. */
  readonly mark?: { readonly variable: string; readonly value: string };
  readonly turn_timeout_ms: number;
  readonly stall_timeout_ms: number;
  /** How long after its last word, or after its exit while a grandchild holds its output. Here 0 is no time at all. */
  readonly grace_ms: number;
  /** Between SIGTERM and SIGKILL; 5000 unless told. */
  readonly term_ms?: number;
}

export interface SupervisedObserver {
  /** The process group, as soon as there is one. */
  onStarted?(pid: number): void;
  onLine(stream: OutputStream, line: Line): void;
  /** Its own exit is known; its output and what it left behind are still to come. */
  onExited?(): void;
  /** Asked after each piece of output: whether the program has said its last word and only has to exit. */
  hasClosed?(): boolean;
  /** While it is held, neither the turn's time nor silence counts: somebody else is waited for. */
  readonly hold?: Hold;
  /** Asked after each piece of output: what to wait for before more is read; null when nothing. */
  busy?(): Promise<void> | null;
}

/** A clock that can be stopped from outside. */
export interface Hold {
  held(): boolean;
  /** Calls `listener` whenever that changes. */
  onChange(listener: () => void): void;
}

export type EndedBecause = 'turn_timeout' | 'stall_timeout' | 'grace' | 'aborted';

/** `exit_code` is null when the program was ended with its group, or by someone else. `ended_early`: why we ended it. */
export interface SupervisedEnd {
  readonly exit_code: number | null;
  readonly ended_early: EndedBecause | null;
  /** Processes were still there after its exit and were ended. */
  readonly left_behind: boolean;
  readonly duration_ms: number;
}

/**
 * Runs a program in a process group of its own until it, its output and its group are all at their end. Whatever way
 * this ends (an error of the observer included), no process of it is left. Rejects when the wrapper cannot be started.
 * `ready`: a wrapper that already waits, in the program's folder and environment.
 */
export async function runSupervised(program: SupervisedProgram, observer: SupervisedObserver, signal: AbortSignal, ready?: Wrapper | null): Promise<SupervisedEnd> {
  const started = performance.now();
  if (signal.aborted) {
    ready?.dismiss();
    return { exit_code: null, ended_early: 'aborted', left_behind: false, duration_ms: 0 };
  }
  const wrapper = ready ?? startWrapper(program, program.status_file);
  const { pid, stdout, stderr, status } = wrapper;
  if (pid === undefined) {
    await wrapper.closed;
    throw new Error('The wrapper has no process.');
  }
  const before = ON_LINUX ? pidMoment() : null;
  let early: EndedBecause | null = null;
  let ending: Promise<unknown> | null = null;
  let exit: number | null = null;
  let leftBehind = false;
  let lastOutput = performance.now();
  let uncounted = 0;
  let heldSince: number | null = null;
  let waits = 0;
  let alone = false;
  let clean = false;
  let graceFrom: { readonly at: number; readonly reason: 'grace' | 'leftover' } | null = null;

  const next = (): Deadline<EndedBecause | 'leftover'> | null => {
    if (ending !== null) return null;
    if (graceFrom !== null) return { at: graceFrom.at + program.grace_ms, reason: graceFrom.reason };
    if (heldSince !== null) return null;
    const turn = deadline(started + uncounted, program.turn_timeout_ms, 'turn_timeout' as const);
    // Silence is not the program's while it is we who do not read.
    const stall = waits > 0 ? null : deadline(lastOutput, program.stall_timeout_ms, 'stall_timeout' as const);
    if (turn === null || stall === null) return turn ?? stall;
    return turn.at <= stall.at ? turn : stall;
  };
  const endAll = async (): Promise<void> => {
    const { mark, term_ms } = program;
    const options = term_ms === undefined ? {} : { term_ms };
    leftBehind ||= wrapper.hasOthers(before);
    const [, marked] = await Promise.all([endGroup(pid, options), mark === undefined ? [] : endMarked(mark.variable, mark.value, { ...options, outside: pid })]);
    leftBehind ||= marked.length > 0;
    await lastWords(term_ms ?? LAST_WORDS_MS);
  };
  /** What was said before the end is still read. Who left the group and the mark, or cannot be killed, may hold the output for ever: that is given up. */
  const lastWords = async (within_ms: number): Promise<void> => {
    const streams = [stdout, stderr, status];
    const from = performance.now();
    for (let pause = 1; streams.some((stream) => !stream.readableEnded && !stream.destroyed); pause = Math.min(pause * 2, 32)) {
      const now = performance.now();
      const quiet = waits === 0 && now - Math.max(from, lastOutput) >= QUIET_MS;
      if (quiet || now - from >= within_ms) {
        leftBehind = true;
        for (const stream of streams) stream.destroy();
        return;
      }
      await delay(pause);
    }
  };
  const finish = (reason: EndedBecause | 'leftover' | null): Promise<unknown> => {
    if (ending === null) {
      if (reason !== 'leftover') early = reason;
      ending = endAll();
    }
    return ending;
  };
  const watch = watchDeadlines(next, (reason) => void finish(reason));
  observer.hold?.onChange(() => {
    const now = performance.now();
    if (observer.hold?.held() === true) heldSince ??= now;
    else if (heldSince !== null) {
      uncounted += now - heldSince;
      lastOutput = now;
      heldSince = null;
    }
    watch.refresh();
  });
  const abort = (): void => void finish('aborted');
  signal.addEventListener('abort', abort, { once: true });

  const startGrace = (reason: 'grace' | 'leftover'): void => {
    // One grace in all: its exit does not start a second one.
    graceFrom = { at: graceFrom?.at ?? performance.now(), reason };
    watch.refresh();
  };
  const read = async (stream: Readable, name: OutputStream): Promise<void> => {
    const splitter = createLineSplitter((line) => observer.onLine(name, line));
    for await (const chunk of stream) {
      lastOutput = performance.now();
      splitter.push(chunk as Buffer);
      if (graceFrom === null && observer.hasClosed?.() === true) startGrace('grace');
      const wait = observer.busy?.() ?? null;
      if (wait === null) continue;
      waits += 1;
      await wait.finally(() => (waits -= 1));
      lastOutput = performance.now();
      watch.refresh();
    }
    splitter.end();
  };
  const readStatus = async (): Promise<void> => {
    let text = '';
    for await (const chunk of status) {
      text += String(chunk);
      if (exit !== null || !text.endsWith('\n')) continue;
      exit = Number(text);
      observer.onExited?.();
      // Who is not there now cannot come later but as a child of the group. To look takes a while, and the last output is still on its way.
      alone = program.mark === undefined || markedProcesses(program.mark.variable, program.mark.value, before).length === 0;
      // From here on only a grandchild can keep the output open.
      startGrace('leftover');
    }
  };

  try {
    wrapper.begin(program);
    observer.onStarted?.(pid);
    const reading = [read(stdout, 'stdout'), read(stderr, 'stderr'), readStatus()].map((each) => each.catch(unlessDestroyed));
    await Promise.all(reading);
    await wrapper.closed;
    // Descendants that let go of the output live on in the group, or, having left it, carry the mark.
    if (ending !== null || !alone || wrapper.hasOthers(before)) await finish('leftover');
    else clean = exit !== null;
    ending ??= Promise.resolve();
  } finally {
    watch.stop();
    signal.removeEventListener('abort', abort);
    // An observer that threw has left everything running.
    await finish(null);
    wrapper.release(clean);
  }
  return { exit_code: exit, ended_early: early, left_behind: leftBehind, duration_ms: performance.now() - started };
}

/** So long is waited for output once all processes of the program have ended: while none comes, and in all. Milliseconds. */
const QUIET_MS = 500;
const LAST_WORDS_MS = 5000;

const deadline = <Reason extends string>(from: number, limit_ms: number, reason: Reason): Deadline<Reason> | null => (limit_ms > 0 ? { at: from + limit_ms, reason } : null);

function unlessDestroyed(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
}
