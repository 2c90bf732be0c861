import { simpleGit } from 'simple-git';
import type { SimpleGitOptions } from 'simple-git';
import { FailureError } from '../base/failure.ts';
import { openForkServer } from '../process/fork-server.ts';
import type { ForkServer } from '../process/fork-server.ts';
import { hasNul } from '../process/words.ts';
import { PASSIVE, USUAL_CALLS } from './usual-calls.ts';

/** What one git process said. */
export interface GitOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitCall {
  /** Bytes for git's stdin; at least one. */
  readonly input?: string | undefined;
  /** Further environment, e.g. a scratch index. */
  readonly env?: Readonly<Record<string, string>>;
  /** Do not take optional locks: for readers that may run beside an agent's own git. */
  readonly passive?: boolean;
  /** For calls that talk to a remote: after so long git is ended with all that it started, exit code 124. Goes without `input`. */
  readonly timeout_ms?: number | undefined;
  /** Ends such a call early. */
  readonly signal?: AbortSignal;
}

/** Git in one directory. */
export interface Git {
  readonly directory: string;
  /** Runs git and tells how it ended, whatever the exit code. */
  attempt(args: readonly string[], call?: GitCall): Promise<GitOutput>;
  /** Runs git and gives its stdout; an exit code other than 0 throws a `FailureError` with code `git_failed`. */
  run(args: readonly string[], call?: GitCall): Promise<string>;
  /**
   * Keeps fork servers ready (one, unless `count` says more), which saves about half the time of a short call, and 50 ms of one
   * that says nothing. For whoever makes many; the returned function ends them, after which calls are made as before.
   * `inputFile` (for further ones with `-2` and so on) may be written and is removed again.
   */
  keepReady(inputFile: string, count?: number): () => Promise<void>;
  /** Whether such a server will take the next call. */
  isReady(): boolean;
}

/**
 * Settings that make our own calls the same whatever the repository's or the person's configuration says: no hooks, no
 * file system monitor, no signing, no background maintenance, plain paths.
 */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'core.editor=true',
  'core.pager=cat',
  'commit.gpgSign=false',
  'tag.gpgSign=false',
  'push.gpgSign=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'advice.detachedHead=false',
  'submodule.recurse=false',
  'push.recurseSubmodules=no',
  'fetch.recurseSubmodules=no',
  'merge.verifySignatures=false',
  'core.bigFileThreshold=16m',
  // A connection that gives nothing for so long is taken for dead.
  'http.lowSpeedLimit=1',
  'http.lowSpeedTime=60',
];

/** The library refuses what data could smuggle in; these settings and arguments are all our own, so every guard is off. */
const OWN_ARGUMENTS: NonNullable<SimpleGitOptions['unsafe']> = {
  allowUnsafeAskPass: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeEditor: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeHooksPath: true,
  allowUnsafePager: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSshCommand: true,
  allowUnsafeGitProxy: true,
  allowUnsafeTemplateDir: true,
  allowUnsafeSubmodule: true,
  allowUnsafePack: true,
};

/** Variables that would point our calls at another repository, index or editor; never inherited. */
const REDIRECTING = new Set([
  'GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR', 'GIT_NAMESPACE', 'GIT_PREFIX', 'GIT_CEILING_DIRECTORIES', 'GIT_LITERAL_PATHSPECS',
  'GIT_GLOB_PATHSPECS', 'GIT_NOGLOB_PATHSPECS', 'GIT_ICASE_PATHSPECS', 'GIT_EXTERNAL_DIFF', 'GIT_DIFF_OPTS',
  'GIT_EDITOR', 'GIT_SEQUENCE_EDITOR', 'GIT_PAGER', 'PAGER', 'EDITOR', 'VISUAL', 'GIT_TRACE', 'GIT_AUTHOR_DATE', 'GIT_COMMITTER_DATE',
]);

function environmentFor(inherited: NodeJS.ProcessEnv, extra: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && !REDIRECTING.has(name)) env[name] = value;
  }
  return { ...env, LC_ALL: 'C', LANGUAGE: 'C', GIT_TERMINAL_PROMPT: '0', GIT_LITERAL_PATHSPECS: '1', ...extra };
}

/**
 * Git in `directory`, through simple-git. `identity` is used for author and committer where it is given (see
 * `identity.ts`). Arguments are an argv array; none is ever a shell string.
 */
export function openGit(directory: string, identity: Readonly<Record<string, string>> = {}): Git {
  const base = environmentFor(process.env, identity);
  let servers: readonly ForkServer[] = [];
  const attempt = async (command: readonly string[], call: GitCall = {}): Promise<GitOutput> => {
    // The library waits for ever for a stdin that nothing is written to.
    if (call.input === '') throw new Error(`git ${command[0] ?? ''}: the input is empty`);
    const args = call.passive === true ? [PASSIVE, ...command] : [...command];
    if (call.timeout_ms !== undefined) return await timed(args, directory, { ...base, ...call.env }, { timeout_ms: call.timeout_ms, signal: call.signal });
    // One call at a time goes through the server; those beside it, and the few with something special, start git themselves.
    const server = call.env === undefined && !hasNul(args) ? servers.find((each) => each.idle()) : undefined;
    if (server !== undefined) return await server.run(args, call.input);
    const env = { ...base, ...call.env };
    // What a person's environment says to git (proxies, certificates, ssh command) holds for our calls too.
    const allowEnvironment = Object.keys(env);
    let ended: { code: number; stderr: string } | null = null;
    const options: Partial<SimpleGitOptions> = {
      baseDir: directory,
      config: SETTINGS,
      unsafe: OWN_ARGUMENTS,
      allowEnvironment,
      errors(error, result) {
        ended = { code: result.exitCode, stderr: Buffer.concat(result.stdErr).toString('utf8') };
        // A process that could not be started has no exit code of its own; that stays an error.
        return error !== undefined && result.exitCode < 0 ? error : undefined;
      },
    };
    if (call.input !== undefined) options.input = () => call.input;
    const stdout = await simpleGit(options).env(env).raw(args);
    const { code, stderr } = ended ?? { code: 0, stderr: '' };
    return { code, stdout, stderr };
  };
  return {
    directory,
    attempt,
    run: async (args, call) => {
      const output = await attempt(args, call);
      if (output.code !== 0) throw gitFailed(directory, args, output);
      return output.stdout;
    },
    isReady: () => servers.some((each) => each.idle()),
    keepReady(inputFile, count = 1) {
      const mine = Array.from({ length: count }, (_, n) => openForkServer(['git', ...SETTINGS.flatMap((setting) => ['-c', setting])], { cwd: directory, env: base, input_file: n === 0 ? inputFile : `${inputFile}-${n + 1}`, usual: USUAL_CALLS }));
      servers = mine;
      return async () => {
        if (servers === mine) servers = [];
        await Promise.all(mine.map((server) => server.close()));
      };
    },
  };
}

/** Git in a process group of its own: what it started for the transport (ssh, a helper) must not outlive it. */
async function timed(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>, { timeout_ms, signal }: { readonly timeout_ms: number; readonly signal: AbortSignal | undefined }): Promise<GitOutput> {
  // Loaded here, as most commands never ask a remote and should start without it.
  const { runProgram } = await import('../process/run-program.ts');
  const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
  const ended = await runProgram(['git', ...settings, ...args], { cwd, env, timeout_ms, guarded: true, max_output_bytes: 16 * 1024 * 1024, ...(signal === undefined ? {} : { signal }) });
  if (ended.ok) return { code: ended.value.exit_code ?? 1, stdout: ended.value.stdout, stderr: ended.value.stderr };
  const late = ended.failure.code === 'program_timeout';
  return { code: late ? 124 : 1, stdout: '', stderr: `error: ${late ? `no answer within ${timeout_ms / 1000} s` : ended.failure.message}` };
}

/** The line of git's words that says why; its last lines are often only advice. */
export function reasonOf(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return lines.find((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1) ?? 'no answer';
}

/** A git call that had to work and did not, with git's own words. */
export function gitFailed(directory: string, args: readonly string[], output: GitOutput): FailureError {
  const words = output.stderr.trim().split('\n').slice(0, 8).join('\n');
  return new FailureError({
    code: 'git_failed',
    kind: 'unavailable',
    message: `git ${args[0] ?? ''} failed in ${directory} (exit ${output.code}): ${words}`,
    details: { args: [...args], exit_code: output.code, stderr: output.stderr.slice(-4000) },
  });
}
