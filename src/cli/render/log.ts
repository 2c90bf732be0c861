import { showDuration } from '../../base/duration.ts';
import type { TurnRecord } from '../../loop/record.ts';
import type { Output } from '../output.ts';
import { oneLine, outcomeText, plural, usageText } from './format.ts';

/** One line for a finished turn. */
export function renderLogLine(turn: TurnRecord, output: Output, chalk = output.out): string {
  const parts = [
    plural(turn.files_changed.length, 'file'),
    plural(turn.commits.length, 'commit'),
    turn.log === null && turn.base === '' ? 'on another machine' : showDuration(turn.duration_ms),
    usageText(turn.usage),
    turn.skipped_files.length > 0 ? chalk.yellow(`${turn.skipped_files.length} skipped`) : '',
    turn.attempt > 1 ? `attempt ${turn.attempt}` : '',
  ].filter((part) => part !== '');
  const head = `${String(turn.iteration).padStart(4)} ${turn.actor} ${outcomeText(chalk, turn.outcome)} ${turn.prompt ?? (turn.source === 'operator' ? 'by hand' : 'no prompt')}`;
  const words = turn.failure?.message ?? turn.summary;
  return `${head} ${chalk.dim(`· ${parts.join(' · ')} · ${turn.id}`)}${words === null || words === undefined ? '' : `\n     ${oneLine(words, 160)}`}`;
}

export function renderLog({ turns }: { turns: TurnRecord[] }, output: Output): string {
  if (turns.length === 0) return 'No turns on this branch yet. Start with: orchestrator run';
  return turns.map((turn) => renderLogLine(turn, output)).join('\n');
}
