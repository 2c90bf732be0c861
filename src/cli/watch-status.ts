import { createLogUpdate } from 'log-update';
import { outputOf, renderFailure } from './invoke.ts';
import type { GlobalOptions } from './invoke.ts';
import type { Output } from './output.ts';
import { envelope } from '../spine/envelope.ts';
import { observe } from './observe.ts';

/** How often the status is looked at; it starts one git process. */
const EVERY_MS = 1000;

/** Shows the status until it is interrupted: redrawn on a terminal, printed when it changes elsewhere. */
export async function watchStatus<T>(options: GlobalOptions, render: (data: T, output: Output) => string): Promise<void> {
  const output = outputOf(options);
  const redraw = process.stdout.isTTY === true && !output.options.json ? createLogUpdate(process.stdout, { showCursor: true }) : null;
  let last = '';
  await observe(options, 'loop.status.show', {}, EVERY_MS, (result) => {
    const shown = (): string => (result.ok ? render(result.value as T, output) : renderFailure(result.failure, output));
    const text = output.options.json ? JSON.stringify(envelope(result)) : shown();
    if (redraw !== null) redraw(text);
    else if (text !== last) process.stdout.write(`${text}\n${output.options.json ? '' : '\n'}`);
    last = text;
  });
  redraw?.done();
}
