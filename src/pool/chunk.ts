import { parseDocument } from 'yaml';
import { z } from 'zod';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { didYouMean } from '../base/suggest.ts';
import { PLANS, chunkName } from './chunk-name.ts';

/** A chunk as its two files tell it: `plans/<chunk>/GOAL.md` and `PLAN.md`. Pure. */

export const ChunkStatus = z.enum(['FUTURE', 'IMPLEMENTING', 'ACTIVE', 'SUPERSEDED', 'HISTORICAL']);
export type ChunkStatus = z.infer<typeof ChunkStatus>;

const names = z.array(z.string().min(1));
const GoalKeys = z.looseObject({
  status: ChunkStatus,
  depends_on: names.nullish(),
  touches: names.nullish(),
  symbols: names.nullish(),
  subsystems: names.nullish(),
  priority: z.number().int().nullish(),
  agent: z.string().min(1).nullish(),
  gate: z.union([z.string().min(1), names.min(1)]).nullish(),
});

export interface Chunk {
  readonly name: string;
  readonly status: ChunkStatus;
  /** Null: the oracle is asked. Names without `plans/`. */
  readonly depends_on: readonly string[] | null;
  readonly touches: readonly string[];
  readonly symbols: readonly string[];
  readonly subsystems: readonly string[];
  readonly priority: number;
  readonly agent: string | null;
  readonly gate: string | readonly string[] | null;
  readonly goal: string;
  readonly plan: string;
  /** Paths of the plan's `Location:` lines. */
  readonly locations: readonly string[];
}

/** Front matter and body; null where there is no front matter. */
function split(text: string): { readonly yaml: string; readonly body: string } | null {
  const found = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)([\s\S]*)$/m.exec(text);
  return found === null ? null : { yaml: found[1] ?? '', body: found[2] ?? '' };
}

/** Reads a chunk. Failure `chunk_invalid` names file, key and a suggestion. */
export function parseChunk(name: string, goal: string, plan: string | null): Result<Chunk> {
  const file = `${PLANS}/${name}/GOAL.md`;
  const parts = split(goal);
  if (parts === null) return fail(invalid(name, `${file} has no front matter`, `It begins with lines between two "---", at least "status: ${ChunkStatus.options.join(' | ')}".`));
  const document = parseDocument(parts.yaml, { strict: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) return fail(invalid(name, `${file}: its front matter is not valid YAML: ${error.message.split('\n')[0] ?? ''}`));
  const parsed = GoalKeys.safeParse(document.toJS({ maxAliasCount: 10 }) ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = issue?.path.join('.') ?? '';
    const written = document.get('status');
    const guess = key === 'status' && typeof written === 'string' ? didYouMean(written.toUpperCase(), ChunkStatus.options) : '';
    return fail(invalid(name, `${file}: ${key === '' ? '' : `${key}: `}${issue?.message ?? 'wrong type'}${guess === '' ? '.' : `.${guess}`}`));
  }
  const keys = parsed.data;
  const depends: string[] = [];
  for (const each of keys.depends_on ?? []) {
    const other = chunkName(each);
    if (!other.ok) return fail(invalid(name, `${file}: depends_on: ${other.failure.message}`));
    depends.push(other.value);
  }
  const text = plan ?? '';
  return ok({
    name,
    status: keys.status,
    depends_on: keys.depends_on === null || keys.depends_on === undefined ? null : [...new Set(depends)],
    touches: keys.touches ?? [],
    symbols: keys.symbols ?? [],
    subsystems: keys.subsystems ?? [],
    priority: keys.priority ?? 0,
    agent: keys.agent ?? null,
    gate: keys.gate ?? null,
    goal: parts.body,
    plan: text,
    locations: locationsOf(text),
  });
}

/** Whether a plan says anything beside headings and blank lines. */
export const hasContent = (plan: string | null): boolean => (plan ?? '').replaceAll(/<!--[\s\S]*?-->/g, '').split('\n').some((line) => line.trim() !== '' && !/^\s*#/.test(line));

function locationsOf(plan: string): string[] {
  const found: string[] = [];
  for (const [, value = ''] of plan.matchAll(/^[\s>*+-]*(?:\*\*)?Location:?(?:\*\*)?:?[ \t]*(.+)$/gim)) {
    for (const piece of value.split(',')) {
      const path = piece.replaceAll(/[`*"']/g, '').replace(/\(.*$/, '').replace(/:\d+.*$/, '').trim().replace(/^\.\//, '');
      if (path !== '' && !/\s/.test(path) && !path.startsWith('/') && !path.split('/').includes('..')) found.push(path);
    }
  }
  return [...new Set(found)];
}

/** The goal with another status; comments and everything else stay as they are. */
export function withStatus(goal: string, status: ChunkStatus): string {
  const parts = split(goal);
  if (parts === null) throw new Error('A goal without front matter was accepted');
  const at = goal.indexOf(parts.yaml);
  const line = parts.yaml.replace(/^(status[ \t]*:[ \t]*)(["']?)[A-Z]+\2/m, `$1${status}`);
  return goal.slice(0, at) + line + goal.slice(at + parts.yaml.length);
}

/** Chunks sorted so that each comes after those that it depends on. Failure `dependency_cycle` names one. */
export function topological(chunks: readonly Pick<Chunk, 'name' | 'depends_on'>[]): Result<string[]> {
  const byName = new Map(chunks.map((chunk) => [chunk.name, chunk]));
  const sorted: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  for (const { name } of chunks) {
    const stack = [{ name, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1);
      if (top === undefined) break;
      if (state.get(top.name) === 'done') {
        stack.pop();
        continue;
      }
      state.set(top.name, 'open');
      const dependency = byName.get(top.name)?.depends_on?.filter((each) => byName.has(each))[top.next++];
      if (dependency === undefined) {
        state.set(top.name, 'done');
        sorted.push(top.name);
        stack.pop();
      } else if (state.get(dependency) === 'open') {
        const cycle = [...stack.map((each) => each.name), dependency];
        const path = cycle.slice(cycle.indexOf(dependency)).join(' -> ');
        return fail({ code: 'dependency_cycle', kind: 'invalid', message: `The chunks depend on each other in a circle: ${path}.`, hint: 'Take one of those depends_on away.', details: { cycle: cycle.slice(cycle.indexOf(dependency)) } });
      } else if (state.get(dependency) === undefined) stack.push({ name: dependency, next: 0 });
    }
  }
  return ok(sorted);
}

const invalid = (chunk: string, message: string, hint?: string): Failure => ({ code: 'chunk_invalid', kind: 'invalid', message: `${message}${/[.?]$/.test(message) ? '' : '.'}`, ...(hint === undefined ? {} : { hint }), details: { chunk } });
