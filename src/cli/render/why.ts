import type { TurnRecord } from '../../loop/record.ts';
import type { Output } from '../output.ts';
import { oneLine } from './format.ts';
import { renderLogLine } from './log.ts';

interface Explanation {
  readonly turn: TurnRecord;
  readonly chain: readonly { readonly what: string; readonly because: string }[];
}

export function renderWhy({ turn, chain }: Explanation, output: Output): string {
  const lines = chain.map(({ what, because }) => `  ${output.out.cyan(what.padEnd(8))} ${oneLine(because)}`);
  return [renderLogLine(turn, output), '', ...lines].join('\n');
}
