import { stripVTControlCharacters } from 'node:util';
import type { ChalkInstance } from 'chalk';

/** Shared looks of the text output. */

const OUTCOME_COLORS = { ok: 'green', complete: 'green', blocked: 'yellow', failed: 'red', interrupted: 'yellow' } as const;

export type OutcomeName = keyof typeof OUTCOME_COLORS;

export const outcomeText = (chalk: ChalkInstance, outcome: OutcomeName): string => chalk[OUTCOME_COLORS[outcome]](outcome);

/** Tokens and cost for people: `12.3k tokens, $0.42`; empty when nothing is known. */
export function usageText(usage: { input_tokens: number; output_tokens: number; cost_usd: number | null }): string {
  const tokens = usage.input_tokens + usage.output_tokens;
  const parts: string[] = [];
  if (tokens > 0) parts.push(`${tokens >= 10_000 ? `${(tokens / 1000).toFixed(1)}k` : tokens} tokens`);
  if (usage.cost_usd !== null) parts.push(`$${usage.cost_usd.toFixed(usage.cost_usd < 1 ? 4 : 2)}`);
  return parts.join(', ');
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Lines of `key  value`, keys padded to the longest. */
export function table(rows: readonly (readonly [key: string, value: string])[], indent = ''): string {
  const width = Math.max(0, ...rows.map(([key]) => key.length));
  return rows.map(([key, value]) => `${indent}${key.padEnd(width)}  ${value}`.trimEnd()).join('\n');
}

/** A text with control characters made harmless, cut to `width` columns (counted as characters). */
export function oneLine(text: string, width = Infinity): string {
  const flat = stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trimEnd();
  return flat.length > width ? `${flat.slice(0, Math.max(0, width - 1))}…` : flat;
}

/** A text of an agent as it may go to a terminal: without the characters that would steer it. Lines and tabs stay. */
export const printable = (text: string): string => text.replaceAll(/[^\P{Cc}\n\t]/gu, '');
