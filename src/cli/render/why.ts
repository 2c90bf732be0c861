import type { TurnRecord } from '../../loop/record.ts';
import type { Output } from '../output.ts';
import { oneLine, table } from './format.ts';
import { renderLogLine } from './log.ts';

interface Explanation {
  readonly turn: TurnRecord;
  readonly chain: readonly { readonly what: string; readonly because: string }[];
}

interface UnitExplanation {
  readonly unit: { readonly chunk: string; readonly status: string };
  readonly causes: readonly { readonly at: string; readonly what: string; readonly because: string }[];
}

export function renderWhy(explained: Explanation | UnitExplanation, output: Output): string {
  if ('unit' in explained) {
    const rows = explained.causes.map(({ at, what, because }): [string, string] => [`${at.slice(0, 19)}Z  ${output.out.cyan(what)}`, oneLine(because)]);
    return [`${explained.unit.chunk} is ${explained.unit.status}`, '', table(rows, '  ')].join('\n');
  }
  const { turn, chain } = explained;
  const lines = chain.map(({ what, because }) => `  ${output.out.cyan(what.padEnd(8))} ${oneLine(because)}`);
  return [renderLogLine(turn, output), '', ...lines].join('\n');
}
