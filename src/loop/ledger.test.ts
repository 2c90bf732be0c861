import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLedger } from './ledger.ts';

const used = (tokens: number) => ({ input_tokens: tokens, output_tokens: 0, cost_usd: tokens / 100 });

const of = (call: string) => ({ call, run: 'r', turn_id: call });

test('totals are absolute, of the day, and outlast a restart; lines that cannot be read count for nothing', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'ledger-')), 'deep/spent.jsonl');
  let now = new Date('2026-01-01T23:00:00Z');
  const first = openLedger(file, () => now);
  first.note({ ...of('a'), usage: used(10), agent_ms: 0, turn: false });
  first.note({ ...of('a'), usage: used(30), agent_ms: 1000, turn: true });
  first.note({ ...of('b'), usage: used(5), agent_ms: 500, turn: false });
  expect(first.today()).toEqual({ usage: { input_tokens: 35, output_tokens: 0, cost_usd: 0.35 }, turns: 1, duration_ms: 1500 });
  writeFileSync(file, '{"call": "a", "at":', { flag: 'a' });
  expect(openLedger(file, () => now).today()).toEqual(first.today());
  expect(first.ofRun('r', 'a')).toMatchObject({ turns: 0, usage: { input_tokens: 5 } });
  expect(first.ofRun('another', null).usage.input_tokens).toBe(0);
  now = new Date('2026-01-02T00:00:01Z');
  expect(openLedger(file, () => now).today().turns).toBe(0);
});

test('what is long past is forgotten', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'ledger-')), 'spent.jsonl');
  const old = openLedger(file, () => new Date('2026-01-01T00:00:00Z'));
  for (let n = 0; n < 300; n++) old.note({ ...of(`c${n}`), usage: used(1), agent_ms: 1, turn: true });
  openLedger(file, () => new Date('2026-02-01T00:00:00Z'));
  expect(readFileSync(file, 'utf8')).toBe('');
});
