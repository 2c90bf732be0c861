import { relative } from 'node:path';
import type { Failure } from '../base/failure.ts';
import { overwriteFile } from '../base/replace-file.ts';
import { findProgram } from '../process/find-program.ts';
import type { Line } from '../process/lines.ts';
import { runSupervised } from '../process/supervised.ts';
import type { OutputStream, SupervisedEnd } from '../process/supervised.ts';
import type { AgentAdapter } from './adapter.ts';
import { placeFiles, promptFile, statusFile } from './attempt-files.ts';
import { concludeRun, createTally } from './conclude-run.ts';
import type { AgentObserver, AgentRequest, AgentResult } from './contract.ts';
import { agentEnvironment } from './environment.ts';
import type { AgentEvent } from './event.ts';
import { logText } from './log-text.ts';
import { openAgentLogs } from './logs.ts';
import type { ReadyWrappers } from './ready-wrappers.ts';
import { createRedactor, secretValues } from './redact.ts';
import { adapterOf } from './registry.ts';
import { hostsOf } from './sandbox/hosts.ts';
import { openSandbox, sandboxProblem } from './sandbox/open-sandbox.ts';
import type { Sandbox } from './sandbox/open-sandbox.ts';

/** Runs an agent to its end: starts it, translates, redacts and logs its output, and tells how it ended. */
export async function runAgent(request: AgentRequest, observer: AgentObserver, signal: AbortSignal, ready: ReadyWrappers): Promise<AgentResult> {
  const adapter = await adapterOf(request.agent.kind);
  if (!adapter.ok) return notStarted(adapter.failure);
  const environment = (...own: Readonly<Record<string, string>>[]): Record<string, string> =>
    agentEnvironment({ inherited: process.env, kind: request.agent.kind, pass: request.pass_env, own: [request.agent.env, ...own] });
  const plain = environment();
  const opened = await openSandbox({ settings: request.sandbox, workspace: request.workspace, scratch: request.scratch, env: plain, state: adapter.value.state(plain), settings_files: adapter.value.settings?.(plain) ?? [], own: adapter.value.ownState?.(request.scratch) ?? [], hosts: hostsOf(request.agent.kind, plain) });
  if (!opened.ok) return notStarted(opened.failure);
  const sandbox = opened.value;
  try {
    return await runInside(request, adapter.value, sandbox, environment, observer, signal, ready);
  } finally {
    sandbox?.settle();
    await sandbox?.close();
  }
}

async function runInside(request: AgentRequest, adapter: AgentAdapter, sandbox: Sandbox | null, environment: (...own: Readonly<Record<string, string>>[]) => Record<string, string>, observer: AgentObserver, signal: AbortSignal, ready: ReadyWrappers): Promise<AgentResult> {
  const command = adapter.command({ ...request, sandboxed: sandbox !== null, env: environment() });
  const env = environment(command.env, sandbox?.env ?? {});
  const [program, ...args] = command.argv;
  const path = findProgram(program, env['PATH'], request.workspace);
  if (path === null) return notStarted({ code: 'agent_not_found', kind: 'precondition', message: `The program ${program} of the agent ${request.agent.name} was not found.` });

  const stdin_file = promptFile(request.scratch);
  overwriteFile(stdin_file, request.prompt, { mode: 0o600 });
  placeFiles(command);
  const reading = readOutput(request, adapter, { ...env, ...request.variables }, observer);
  if (request.agent.permissions === 'bypass') reading.logs.line('[orchestrator: permissions: bypass: the agent asks nobody and may do whatever you may]');
  if (sandbox !== null) reading.logs.line('[orchestrator: in a sandbox: writes go to the workspace and a /tmp of its own]');
  else if (request.sandbox.mode !== 'off') reading.logs.line(`[orchestrator: without a sandbox: ${(await sandboxProblem()) ?? ''}]`);
  const turn = request.variables['ORCHESTRATOR_TURN_ID'];
  let end: SupervisedEnd;
  try {
    end = await runSupervised(
      {
        argv: sandbox === null ? [path, ...args] : sandbox.around([path, ...args]),
        cwd: request.workspace,
        env,
        variables: request.variables,
        stdin_file,
        status_file: statusFile(request.scratch),
        ...(turn === undefined ? {} : { mark: { variable: 'ORCHESTRATOR_TURN_ID', value: turn } }),
        turn_timeout_ms: request.limits.turn_timeout_ms,
        stall_timeout_ms: request.limits.stall_timeout_ms,
        grace_ms: request.limits.grace_ms,
      },
      {
        onStarted(pid) {
          observer.onStarted?.(pid);
          // While this agent works, nobody waits for the next one's shell.
          ready.prepare();
        },
        onExited() {
          for (const path of sandbox?.settle() ?? []) reading.say({ type: 'raw', stream: 'stderr', text: `[orchestrator: ${path} was made during the turn and moved to .git/orchestrator/taken: it would run programs outside the sandbox]` });
          observer.onExited?.();
        },
        ...(observer.hold === undefined ? {} : { hold: observer.hold }),
        onLine: reading.onLine,
        hasClosed: () => reading.tally.closed !== null,
        busy: () => reading.logs.busy(),
      },
      signal,
      ready.take({ cwd: request.workspace, env }),
    );
  } catch (error) {
    await reading.logs.close('[orchestrator: the run was cut short]').catch(() => undefined);
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall?.startsWith('spawn') !== true) throw error;
    const why = code === 'E2BIG' ? 'its arguments and its environment are larger than the system takes' : `the system says ${code ?? 'no reason'}`;
    return notStarted({ code: 'agent_not_started', kind: 'precondition', message: `The agent ${request.agent.name} could not be started: ${why}.` });
  }
  for (const event of reading.parser.end(end.exit_code)) reading.say(event);
  const result = concludeRun(request.agent, adapter.structured, reading.tally, end, shownPath(request.workspace, request.logs.text));
  // The failure names this very log.
  const how = result.failure === null ? `${request.agent.name} ended well` : result.failure.message.replace(/\. Its log: .*$/s, '');
  const last = `[orchestrator: ${how}; exit code ${end.exit_code ?? 'none'}, ${(end.duration_ms / 1000).toFixed(1)} s]`;
  // A log that could not be written (the disk is full, its folder was taken away) does not undo the agent's work.
  await reading.logs.close(last).catch((error: unknown) => {
    const text = `[orchestrator: the log could not be written whole: ${error instanceof Error ? error.message : String(error)}]`;
    observer.onEvent?.({ type: 'raw', stream: 'stderr', text });
  });
  return result;
}

/** Of a plain command's line, so much goes into its event. Characters. */
const EVENT_TEXT_LIMIT = 64 * 1024;
/** Longer than any secret that has no end of its own. Characters. */
const CUT_MARGIN = 4096;

function readOutput(request: AgentRequest, adapter: AgentAdapter, env: Readonly<Record<string, string>>, observer: AgentObserver) {
  const logs = openAgentLogs(request.logs, request.limits.max_log_bytes);
  const redactor = createRedactor(secretValues(env));
  const redactLine = { stdout: redactor.lines(), stderr: redactor.lines() };
  const parser = adapter.parser(request.resume?.used);
  const tally = createTally();
  // The final answer is taken as it was said; all that is shown or kept, a failure's message too, is redacted.
  const tell = (event: AgentEvent, shown: AgentEvent = redactor.event(event)): void => {
    tally.add(event.type === 'error' ? shown : event);
    logs.event(shown);
    observer.onEvent?.(shown);
  };
  const say = (event: AgentEvent): void => {
    const shown = redactor.event(event);
    const words = logText(shown);
    if (words !== null) logs.line(words);
    tell(event, shown);
  };
  const onLine = (stream: OutputStream, { text: whole, truncated }: Line): void => {
    // The cut may have gone through a secret, of which the rest would not be known any more.
    const text = truncated ? whole.slice(0, -CUT_MARGIN) : whole;
    // A line goes through the redactor of its stream, which also knows blocks over several lines.
    const line = `${redactLine[stream](text)}${truncated ? ' [orchestrator: the line was longer]' : ''}`;
    if (stream === 'stdout' && adapter.structured) {
      for (const event of parser.line(text)) say(event.type === 'raw' ? { ...event, text: event.text === text ? line : event.text } : event);
      return;
    }
    logs.line(stream === 'stderr' ? `! ${line}` : line);
    // The whole line stands in the log; a copy of ten megabytes in an event serves nobody.
    const short = line.length > EVENT_TEXT_LIMIT ? `${line.slice(0, EVENT_TEXT_LIMIT)} [orchestrator: the log has the rest]` : line;
    if (stream === 'stdout') tally.output(text);
    const events: AgentEvent[] = stream === 'stderr' ? [{ type: 'raw', stream, text: short }] : parser.line(short);
    for (const event of events) tell(event, event);
  };
  return { logs, parser, tally, say, onLine };
}

/** From the workspace where it lies in there, else whole. */
const shownPath = (workspace: string, path: string): string => (path.startsWith(`${workspace}/`) ? relative(workspace, path) : path);

const notStarted = (failure: Failure): AgentResult => ({
  exit_code: null,
  ended_early: null,
  left_behind: false,
  said_done: false,
  failure,
  error_class: null,
  session_id: null,
  usage_limit: null,
  usage: { input_tokens: 0, output_tokens: 0, cost_usd: null },
  final: '',
  agent_ms: 0,
});
