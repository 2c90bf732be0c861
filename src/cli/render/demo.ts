import type { LoopEvent } from '../../loop/event.ts';
import type { ProgressEvent } from '../../spine/operation.ts';
import type { Output } from '../output.ts';
import { lineOf } from '../plain-lines.ts';
import { plural } from './format.ts';

interface DemoResult {
  readonly workspace: string;
  readonly kept: boolean;
  readonly before: { readonly passed: number; readonly failed: number };
  readonly after: { readonly passed: number; readonly failed: number };
  readonly turns: number;
  readonly history: readonly string[];
  readonly logs: string;
}

/** The demo tells what the agents do, too: that is what it is for. */
export function onDemoEvent(event: ProgressEvent, output: Output): void {
  if (event.type === 'demo.step') return output.progress(`\n${output.err.bold(String(event['text']))}`);
  const line = lineOf(event as unknown as LoopEvent, { ...output, options: { ...output.options, verbose: true } });
  if (line !== null) output.progress(line);
}

export function renderDemo(demo: DemoResult, output: Output): string {
  const { out } = output;
  const tests = ({ passed, failed }: DemoResult['before']): string => `${passed} pass, ${failed} fail`;
  const where = demo.kept
    ? [`${out.bold('Where to look')}`, `  workspace  ${demo.workspace}`, `  logs       ${demo.logs}`, `  turns      orchestrator -C ${demo.workspace} log`]
    : [`The workspace was removed again; with --keep it stays at a place like ${demo.workspace}, its logs under logs/main.`];
  return ['', out.bold('What git says'), ...demo.history.map((line) => `  ${line}`), '', `Tests before: ${tests(demo.before)}. After ${plural(demo.turns, 'turn')}: ${out.green(tests(demo.after))}.`, '', ...where].join('\n');
}
