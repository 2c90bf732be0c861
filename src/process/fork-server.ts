import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { endGroup } from './group.ts';
import { READ_WORDS, encodeWords } from './words.ts';

/** What a short command said. `code` is 128 + the signal's number where one ended it. */
export interface ServedOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A small process that starts others for us, one after another. Node copies its own page tables for every process that it
 * starts, which takes longer than many a git command itself; a shell has next to none. See docs/adr/0008-fewer-and-cheaper-processes.md.
 */
export interface ForkServer {
  /** Whether it is alive and has nothing to do. */
  idle(): boolean;
  /**
   * Runs the constant program with `args` after its constant ones; stdin is `input`, or empty. Only while `idle()`. Rejects when the
   * server itself came to an end meanwhile, so that nobody knows how the command ended.
   */
  run(args: readonly string[], input?: string): Promise<ServedOutput>;
  /** Ends it, and a command that still runs. */
  close(): Promise<void>;
}

/** What is run comes as data. Each command's two outputs end with the request's mark, which no command can know. */
const scriptFor = (usual: readonly (readonly string[])[]): string => `one() {
case $__begin in
${usual.map((words, n) => `${n}) set -- "$@" ${words.join(' ')};;\n`).join('')}esac
${READ_WORDS}"$@" <"$__input"
__code=$?
printf '\\n%s %s\\n' "$__mark" "$__code"
printf '\\n%s\\n' "$__mark" >&2
}
while IFS= read -r __mark && IFS= read -r __input && IFS= read -r __begin; do one "$@"; done
`;

interface Pending {
  readonly resolve: (output: ServedOutput) => void;
  readonly reject: (error: Error) => void;
  readonly mark: string;
}

export interface ForkServerOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** For commands that get input; may be written and is removed again. */
  readonly input_file?: string;
  /** How many of the commands' own arguments begin: constants of plain letters, which then need not be sent each time. */
  readonly usual?: readonly (readonly string[])[];
}

/** Starts a fork server for commands that all begin with `argv`, in one folder and one environment. */
export function openForkServer(argv: readonly [string, ...string[]], options: ForkServerOptions): ForkServer {
  const { usual = [] } = options;
  if (!usual.flat().every((word) => /^[\w=.-]+$/.test(word))) throw new TypeError('These words would be something else in a shell.');
  const child = spawn('sh', ['-c', scriptFor(usual), 'orchestrator-commands', ...argv], {
    cwd: options.cwd,
    env: options.env,
    // A session of its own: a Ctrl-C at the terminal does not cut through a commit.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let pending: Pending | null = null;
  let alive = true;
  const out = collect(child.stdout, settle);
  const err = collect(child.stderr, settle);
  const exited = once(child, 'close').catch(() => undefined);
  const lost = (error: Error): void => {
    alive = false;
    const waiting = pending;
    pending = null;
    waiting?.reject(error);
  };
  child.once('error', lost);
  child.once('close', () => lost(new Error('The process that starts commands came to an end while one ran.')));
  // A write to one that has just died fails here too; its end says it.
  child.stdin.on('error', () => undefined);

  function settle(): void {
    if (pending === null) return;
    const said = out.upTo(`\n${pending.mark} `);
    const complained = err.upTo(`\n${pending.mark}\n`);
    if (said === null || complained === null || !said.rest.endsWith('\n')) return;
    const { resolve } = pending;
    pending = null;
    out.clear();
    err.clear();
    resolve({ code: Number(said.rest), stdout: said.text, stderr: complained.text });
  }

  return {
    idle: () => alive && pending === null,
    run(args, input) {
      if (!alive || pending !== null) throw new Error('The fork server runs one command at a time.');
      const file = input === undefined ? '/dev/null' : options.input_file;
      if (file === undefined || file.includes('\n')) throw new Error('This fork server was given no file for input.');
      if (input !== undefined) writeFileSync(file, input, { mode: 0o600 });
      const mark = randomBytes(9).toString('base64url');
      return new Promise((resolve, reject) => {
        pending = { resolve, reject, mark };
        const begin = usual.findIndex((words) => words.every((word, n) => args[n] === word));
        child.stdin.write(`${mark}\n${file}\n${begin}\n${encodeWords(args.slice(usual[begin]?.length ?? 0))}`);
      });
    },
    async close() {
      child.stdin.end();
      if (pending !== null && child.pid !== undefined) await endGroup(child.pid);
      await exited;
      if (options.input_file !== undefined) rmSync(options.input_file, { force: true });
    },
  };
}

function collect(stream: Readable, onData: () => void) {
  let chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    onData();
  });
  return {
    /** What stands before the last `mark`, and what after it; null while it has not come. */
    upTo(mark: string): { readonly text: string; readonly rest: string } | null {
      const last = chunks.at(-1);
      if (last === undefined) return null;
      // The mark is the end of all: more than one copy of long output is made only once it may be there.
      if (last.length >= 128 && !last.subarray(-128).includes(mark)) return null;
      const all = chunks.length === 1 ? last : Buffer.concat(chunks);
      chunks = [all];
      const at = all.lastIndexOf(mark);
      return at < 0 ? null : { text: all.toString('utf8', 0, at), rest: all.toString('utf8', at + mark.length) };
    },
    clear() {
      chunks = [];
    },
  };
}
