import { lastRecord, recordsFile } from './record.ts';
import type { LoopRuntime } from './runtime.ts';
import type { OrchestrationState } from './state.ts';

/** The block that `context: true` appends to a prompt: where the loop stands and what the last turn did. */
export async function contextBlock(runtime: LoopRuntime, state: OrchestrationState): Promise<string> {
  const { git } = runtime.repository;
  const last = await lastRecord(recordsFile(runtime.settings.logs_dir, runtime.branch));
  const lines = ['## Where the loop stands', '', `- iteration: ${state.iteration}`, `- actor: ${state.expected_actor}`];
  if (last === null) lines.push('- last turn: none yet');
  else {
    lines.push(`- last turn: ${last.actor} with ${last.prompt ?? 'no prompt'}, iteration ${last.iteration}, outcome ${last.outcome}`);
    if (last.summary !== null) lines.push(`- its summary: ${last.summary}`);
    if (last.failure !== null) lines.push(`- its failure: ${last.failure.message}`);
    const known = last.base !== last.head && (await git.attempt(['cat-file', '-e', `${last.head}^{commit}`])).code === 0;
    if (known) {
      const range = `${last.base}..${last.head}`;
      const log = await git.attempt(['log', '--max-count=20', '--format=%h %s', range, '--']);
      const stat = await git.attempt(['diff', '--stat=100', '--stat-count=40', '--no-color', '--no-ext-diff', last.base, last.head, '--']);
      lines.push('', 'Its commits:', '', '```', log.stdout.trimEnd(), '```', '', '```', stat.stdout.trimEnd(), '```');
    }
  }
  return `${lines.join('\n')}\n`;
}
