import type { GlobalOptions } from '../invoke.ts';
import { outputOf } from '../invoke.ts';
import type { Output } from '../output.ts';
import type { ProgressEvent } from '../../spine/operation.ts';
import type { RunResult } from '../../loop/event.ts';
import { createPlainLines } from '../plain-lines.ts';
import { plural, usageText } from './format.ts';

/** Reads a run's events and shows them. */
export interface RunView {
  readonly onEvent: (event: ProgressEvent, output: Output) => void;
  readonly end: () => void;
}

/** A live view on a terminal, plain lines where there is none. */
export async function createRunView(options: GlobalOptions): Promise<RunView> {
  if (options.json === true) return { onEvent: () => undefined, end: () => undefined };
  const output = outputOf(options);
  // Without colours a person (or a recorder) wants plain text; a view that redraws itself is not that.
  const terminal = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb' && output.err.level > 0 && !output.options.quiet;
  if (!terminal) return createPlainLines(output);
  // Loaded on demand: measuring the width of text takes 30 ms to get ready.
  return (await import('../live-view.ts')).createLiveView(output);
}

const ENDS: Record<RunResult['ended'], string> = {
  iterations: 'All iterations are done.',
  once: 'One turn is done.',
  complete: 'The work is complete.',
  stopped: 'Stopped as asked.',
  dry_run: 'Nothing was started.',
};

export function renderRunResult(result: RunResult): string {
  const { state } = result;
  const reason = result.ended === 'complete' && state.exit_reason ? ` ${state.exit_reason}` : '';
  const counts = [plural(result.turns, 'turn'), plural(result.iterations, 'iteration'), usageText(result.usage)].filter((part) => part !== '').join(', ');
  return `${ENDS[result.ended]}${reason}\n${counts}; next: ${state.expected_actor} in iteration ${state.iteration}.`;
}
