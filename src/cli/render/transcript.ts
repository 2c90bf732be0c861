import type { z } from 'zod';
import { logText } from '../../agents/contract.ts';
import type { turnTranscript } from '../../loop/operations/turns.ts';
import type { Output } from '../output.ts';
import { printable } from './format.ts';
import { renderLogLine } from './log.ts';

/** A turn's events as a person reads them, each with its time of day (UTC); usage only where it is the last word on it. */
export function renderTranscript({ turn, events }: z.infer<typeof turnTranscript.output>, output: Output): string {
  const { out } = output;
  const lines = [renderLogLine(turn, output), ''];
  for (const event of events) {
    const text = logText(event);
    if (text === null) continue;
    const time = out.dim(event.at === undefined ? '        ' : event.at.slice(11, 19));
    const [first = '', ...rest] = printable(text).split('\n');
    const shown = event.type === 'error' ? out.red(first) : event.type === 'tool_call' ? out.cyan(first) : first;
    lines.push(`${time} ${shown}`, ...rest.map((line) => `         ${line}`));
  }
  const usage = events.findLast((event) => event.type === 'usage');
  if (usage !== undefined) lines.push('', `${usage.input_tokens} tokens in, ${usage.output_tokens} out${usage.cost_usd === null ? '' : `, ${usage.cost_usd.toFixed(4)} USD`}`);
  return lines.join('\n');
}
