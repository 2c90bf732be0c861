import type { ProgressEvent } from '../spine/operation.ts';
import { resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { exitCodeOf, fail } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { dispatch } from '../spine/dispatch.ts';
import { envelope } from '../spine/envelope.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';
import { printable } from './render/format.ts';
import { signalFailure } from './signals.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly directory?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
}

/** One command line, on its way to an operation. */
export interface Invocation<T> {
  readonly operation: string;
  readonly input: unknown;
  readonly options: GlobalOptions;
  /** Text for stdout. */
  readonly render: (data: T, output: Output) => string;
  /** Reads the operation's progress; the default shows warnings only. */
  readonly onEvent?: (event: ProgressEvent, output: Output) => void;
  /** Called before the result is printed, e.g. to take down a live view. */
  readonly onEnd?: () => void;
  /** With `--json`: print progress as lines and close with an event of this type. */
  readonly stream?: 'run.finished' | 'log.finished' | 'tail.finished';
}

/** Dispatches, prints the result and sets the exit code. */
export async function invoke<T>(invocation: Invocation<T>): Promise<void> {
  const output = outputOf(invocation.options);
  const { stream } = invocation;
  const { json } = output.options;
  const result = await perform(invocation, output, json && stream !== undefined);
  invocation.onEnd?.();
  if (json && stream !== undefined) output.json({ type: stream, at: new Date().toISOString(), ...envelope(result) });
  else if (json) output.json(envelope(result));
  else if (result.ok) output.result(invocation.render(result.value as T, output));
  else output.notice(renderFailure(result.failure, output));
  process.exitCode = result.ok ? 0 : exitCodeOf(result.failure);
}

async function perform<T>(invocation: Invocation<T>, output: Output, lines: boolean): Promise<Result<unknown>> {
  const controller = new AbortController();
  const forget = onSignals((failure) => controller.abort(failure));
  const emit = (event: ProgressEvent): void => {
    if (lines) output.json({ at: new Date().toISOString(), ...event });
    // Results are one document then; what is told on the way must not stand before it.
    else if (invocation.onEvent !== undefined && !output.options.json) invocation.onEvent(event, output);
    else if (event.type === 'warning') output.notice(`${output.err.yellow('warning')} ${String(event['message'])}`);
  };
  try {
    return await dispatchFor(invocation.options, invocation.operation, invocation.input, controller.signal, emit);
  } finally {
    forget();
  }
}

/** Dispatches an operation for the person at the command line. */
export async function dispatchFor(options: GlobalOptions, operation: string, input: unknown, signal: AbortSignal, emit: (event: ProgressEvent) => void): Promise<Result<unknown>> {
  const { operations } = await import('../server/operations.ts');
  const directory = resolve(options.directory ?? '.');
  const config_file = options.config === undefined ? null : resolve(directory, options.config);
  return await dispatch(operations, operation, input, {
    caller: { kind: 'operator' },
    directory,
    config_file,
    environment: process.env,
    clock: systemClock,
    signal,
    emit,
    forward: async (declared, checked) => await (await import('../server/forward.ts')).forwardToDaemon({ directory, config_file, signal }, declared, checked),
  });
}

function onSignals(tell: (failure: Failure) => void): () => void {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const listeners = names.map((name) => {
    const listener = (): void => tell(signalFailure(name));
    process.on(name, listener);
    return [name, listener] as const;
  });
  return () => listeners.forEach(([name, listener]) => process.off(name, listener));
}

export const outputOf = (options: GlobalOptions): Output =>
  createOutput({
    json: options.json === true,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    color: options.color === false ? false : null,
  });

/** What happened, to what, and what to do next. */
export function renderFailure(failure: Failure, output: Output): string {
  const lines = [`${output.err.red('error')} ${printable(failure.message)}`];
  if (failure.hint !== undefined) lines.push(`${output.err.cyan('hint')}  ${printable(failure.hint)}`);
  const stack = failure.details?.['stack'];
  if (failure.kind === 'bug' && typeof stack === 'string') lines.push(output.err.dim(stack));
  lines.push(output.err.dim(`(${failure.code})`));
  return lines.join('\n');
}

/** A command line that cannot be understood; the same envelope as every other failure. */
export function printUsageFailure(message: string, hint: string, options: GlobalOptions): void {
  const output = outputOf(options);
  const failure: Failure = { code: 'usage', kind: 'invalid', message, hint };
  if (output.options.json) output.json(envelope(fail(failure)));
  else output.notice(renderFailure(failure, output));
  process.exitCode = exitCodeOf(failure);
}
