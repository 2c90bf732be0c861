import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** A program that lives on when this process ends. */
export interface Detached {
  /** Undefined where it could not be started; `exited` rejects then. */
  readonly pid: number | undefined;
  /** Resolves to the exit code, null for a signal, should it end while this process still lives. */
  readonly exited: Promise<number | null>;
}

/** Starts a program in a session of its own, without input, its output in a file that is emptied first. */
export function startDetached(argv: readonly [string, ...string[]], options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>>; readonly output_file: string }): Detached {
  const [program, ...args] = argv;
  const output = openSync(options.output_file, 'w', 0o600);
  try {
    const child = spawn(program, args, { cwd: options.cwd, env: options.env, detached: true, stdio: ['ignore', output, output] });
    const exited = new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject));
    exited.catch(() => undefined);
    child.unref();
    return { pid: child.pid, exited };
  } finally {
    closeSync(output);
  }
}
