import type { z } from 'zod';
import type { attentionList, questionAnswer } from '../../pool/operations/attention.ts';
import { showDuration } from '../../base/duration.ts';
import type { Output } from '../output.ts';
import { oneLine, printable } from './format.ts';

export function renderAttention({ items }: z.infer<typeof attentionList.output>, { out }: Output): string {
  if (items.length === 0) return 'Nothing waits for you.';
  return items
    .map((item) => {
      const lines = [`${out.yellow(item.kind)} ${item.unit} for ${showDuration(item.waiting_ms)}: ${item.attention_reason}`];
      if (item.question !== null) lines.push(...printable(item.question).split('\n').map((line) => `  ${out.bold(line)}`));
      if (item.options !== null) lines.push(...item.options.map((option) => `  - ${printable(option)}`));
      if (item.question !== null) lines.push(out.dim(`  orchestrator answer ${item.unit} "…"`));
      return lines.join('\n');
    })
    .join('\n\n');
}

export function renderAnswer({ unit, question, live, left }: z.infer<typeof questionAnswer.output>): string {
  const then = live ? 'Its agent goes on with it now.' : unit.startsWith('turn_') ? 'The next orchestrator run goes on with it, in the same session.' : 'Its phase goes on with it as soon as an agent is free.';
  return `Answered ${unit}, which asked: ${oneLine(question, 200)}\n${then}${left === 0 ? '' : ` ${left} more of its questions ${left === 1 ? 'is' : 'are'} open.`}`;
}
