import { execa } from 'execa';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { endGroup, groupAlive } from './group.ts';

export interface ProgramOptions {
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds; 0 for none. */
  readonly timeout_ms: number;
  /** Of stdout and stderr each, the last so many bytes are kept; 1 MiB unless told. */
  readonly max_output_bytes?: number;
  readonly signal?: AbortSignal;
  /** It is ended with this process, even where that is killed: a guard in its group waits for our end of a pipe to close. */
  readonly guarded?: boolean;
}

/** How a program ended. `exit_code` is null when a signal ended it. */
export interface ProgramOutput {
  readonly exit_code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether output was left out at the beginning. */
  readonly truncated: boolean;
}

/** Constant; the program is its arguments. The guard holds none of the program's streams. */
const GUARD = '(read -r _ <&3; kill -9 0) >/dev/null 2>&1 & exec 3<&-; exec "$@"';

/**
 * Runs a short program to its end, without a shell and without input, and keeps the end of its output. Whatever it
 * started in its process group is ended with it. Failures: `program_not_started` (precondition), `program_timeout`
 * (timeout), `program_aborted` (interrupted). An exit code other than 0 is no failure here.
 */
export async function runProgram(argv: readonly [string, ...string[]], options: ProgramOptions): Promise<Result<ProgramOutput>> {
  const { cwd, env, timeout_ms, signal, max_output_bytes = 1024 * 1024, guarded = false } = options;
  const [program] = argv;
  const [started, ...args] = guarded ? (['sh', '-c', GUARD, 'orchestrator-guarded', ...argv] as const) : argv;
  const aborted = fail({ code: 'program_aborted', kind: 'interrupted', message: `${program} was stopped.` });
  if (signal?.aborted === true) return aborted;
  const stdio = ['ignore', 'pipe', 'pipe', ...(guarded ? (['pipe'] as const) : [])] as const;
  const child = execa(started, args, { cwd, env, extendEnv: false, detached: true, cleanup: false, stdio: [...stdio], buffer: false, encoding: 'buffer', reject: false });
  const { pid } = child;
  if (pid === undefined) {
    const { code, originalMessage } = (await child) as { code?: string; originalMessage?: string };
    return fail({ code: 'program_not_started', kind: 'precondition', message: `${program} could not be started: ${originalMessage ?? code ?? 'unknown reason'}.` });
  }
  let why: 'timeout' | 'aborted' | null = null;
  const end = (reason: 'timeout' | 'aborted'): void => {
    why ??= reason;
    void endGroup(pid);
  };
  const timer = timeout_ms > 0 ? setTimeout(() => end('timeout'), timeout_ms) : undefined;
  const onAbort = (): void => end('aborted');
  signal?.addEventListener('abort', onAbort, { once: true });
  const stdout = keepTail(max_output_bytes);
  const stderr = keepTail(max_output_bytes);
  child.stdout.on('data', stdout.push);
  child.stderr.on('data', stderr.push);
  try {
    // Its own exit counts, not the end of its output: that may be held by something that it left behind.
    const code = await new Promise<number | null>((resolve) => child.nodeChildProcess.once('exit', resolve));
    if (groupAlive(pid)) await endGroup(pid);
    await child;
    if (why === 'timeout') return fail({ code: 'program_timeout', kind: 'timeout', message: `${program} did not end within ${timeout_ms} ms.`, details: { stdout: stdout.text(), stderr: stderr.text() } });
    if (why === 'aborted') return aborted;
    return ok({ exit_code: code, stdout: stdout.text(), stderr: stderr.text(), truncated: stdout.cut() || stderr.cut() });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Keeps the last bytes of a stream: of a long output the end is what tells how it went. */
function keepTail(limit: number): { push(chunk: Buffer): void; text(): string; cut(): boolean } {
  let chunks: Buffer[] = [];
  let held = 0;
  let cut = false;
  return {
    push(chunk) {
      chunks.push(chunk);
      held += chunk.length;
      // Trimmed only now and then, so that many small chunks cost no more than their bytes.
      if (held <= 2 * limit && chunks.length < 4096) return;
      const all = Buffer.concat(chunks, held);
      cut ||= held > limit;
      chunks = [Buffer.from(all.subarray(Math.max(0, held - limit)))];
      held = Math.min(held, limit);
    },
    text: () => Buffer.concat(chunks, held).subarray(Math.max(0, held - limit)).toString('utf8'),
    cut: () => cut || held > limit,
  };
}
