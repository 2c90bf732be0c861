import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentKind } from '../../src/agents/contract.ts';
import { adapterOf } from '../../src/agents/registry.ts';
import { createLineSplitter } from '../../src/process/lines.ts';
import { PROJECT, median } from './world.ts';

/** What it costs to read and check what an agent says, against `JSON.parse` of the same lines; and whether memory stays flat. */

const KINDS: readonly AgentKind[] = ['claude', 'codex', 'gemini', 'opencode'];

/** The recorded lines of a kind's ordinary runs: an answer, and work with tools. */
function recorded(kind: AgentKind): string[] {
  const folder = join(PROJECT, 'test/golden/agents', kind);
  const transcripts = readdirSync(folder).filter((name) => /^(?:success|tool-use)\.jsonl$/.test(name)).map((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
  return transcripts.flat().filter((line) => isJson(line));
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds for the same lines: by `JSON.parse` alone, and by the adapter's parser. */
export async function parseCost(rounds: number): Promise<Record<string, { readonly parse_ms: number; readonly ours_ms: number; readonly ratio: number }>> {
  const found: Record<string, { parse_ms: number; ours_ms: number; ratio: number }> = {};
  for (const kind of KINDS) {
    const adapter = await adapterOf(kind);
    if (!adapter.ok) continue;
    const once = recorded(kind);
    const lines = Array.from({ length: Math.ceil(20_000 / once.length) }, () => once).flat();
    const plain: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < rounds + 1; round++) {
      let began = performance.now();
      for (const line of lines) JSON.parse(line);
      const parse = performance.now() - began;
      const parser = adapter.value.parser();
      began = performance.now();
      for (const line of lines) parser.line(line);
      parser.end(0);
      // The first round warms up.
      if (round > 0) {
        plain.push(parse);
        ours.push(performance.now() - began);
      }
    }
    const ratios = ours.map((value, index) => value / (plain[index] ?? NaN));
    found[kind] = { parse_ms: median(plain), ours_ms: median(ours), ratio: median(ratios) };
  }
  return found;
}

/** Resident megabytes after each tenth of a transcript of that many bytes, read in pieces as from a pipe. */
export async function parseMemory(bytes: number): Promise<number[]> {
  const adapter = await adapterOf('claude');
  if (!adapter.ok) throw new Error(adapter.failure.message);
  const parser = adapter.value.parser();
  const text = Buffer.from(recorded('claude').map((line) => `${line}\n`).join(''));
  const piece = Buffer.concat(Array.from({ length: Math.ceil(65_536 / text.length) }, () => text));
  let events = 0;
  const splitter = createLineSplitter((line) => (events += parser.line(line.text).length));
  const marks: number[] = [];
  for (let at = 0, tenth = 1; at < bytes; at += piece.length) {
    splitter.push(piece);
    if (at >= (bytes / 10) * tenth) {
      tenth++;
      marks.push(Math.round(process.memoryUsage.rss() / 1024 / 1024));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  splitter.end();
  return marks;
}
