import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import type { ReadTransaction, Store } from '../store/store.ts';
import { factsHash } from './oracle/facts.ts';
import type { MergeFact, Subsystems, UnitFacts } from './oracle/facts.ts';
import { judgePair } from './oracle/judge.ts';
import type { Judgement } from './oracle/judge.ts';
import { createOverlapIndex } from './oracle/overlap-index.ts';
import type { Exclusion } from './scheduler.ts';

/** What is known of a pair of chunks; `a` is the smaller name. Operator's verdicts outrank declared ones, and those the oracle's. */
export const Pair = z.object({
  a: z.string(),
  b: z.string(),
  kinds: z.array(z.enum(['FILE', 'SYMBOL', 'SUBSYSTEM', 'MERGE'])),
  verdict: z.enum(['INDEPENDENT', 'SERIALIZE', 'ASK_OPERATOR']),
  confidence: z.number(),
  stage: z.string(),
  source: z.enum(['oracle', 'declared', 'operator']),
  reason: z.string(),
  files: z.array(z.string()),
  symbols: z.array(z.string()),
  facts_hash: z.string(),
  life: z.enum(['DETECTED', 'PENDING_VERDICT', 'RESOLVED']),
});
export type Pair = z.infer<typeof Pair>;

export type OnAsk = 'ask' | 'serialize' | 'parallel';

/** The verdicts on live units, kept as their facts change. */
export interface Verdicts {
  readonly exclusion: Exclusion;
  /** What an agent is told of other work that touches the same things, a line each. */
  told(chunk: string): string[];
  pairs(): readonly Pair[];
  pair(a: string, b: string): Pair | null;
  /** Takes a unit's facts in and judges what they change; milliseconds of work for those that share nothing. */
  put(facts: readonly UnitFacts[]): Promise<void>;
  /** Reads the unit's own worktree again. */
  refresh(chunk: string): Promise<void>;
  /** What git says of two live branches. */
  merged(a: string, b: string, fact: MergeFact): Promise<void>;
  /** What ASK_OPERATOR means has changed. */
  relink(): void;
  drop(chunk: string): void;
  resolve(a: string, b: string, verdict: 'INDEPENDENT' | 'SERIALIZE'): Promise<Result<Pair>>;
  /** Judges two chunks on their facts alone, without keeping it. */
  analyse(a: UnitFacts, b: UnitFacts): Judgement;
}

export interface VerdictOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly subsystems: Subsystems;
  readonly onAsk: () => OnAsk;
  /** Reads a live unit's facts where it works; null where it is none. */
  readonly factsOf: (chunk: string) => Promise<UnitFacts | null>;
  /** Called when what may run together has changed. */
  readonly onChange: () => void;
}

const ordered = (a: string, b: string): [string, string] => (a < b ? [a, b] : [b, a]);
const keyOf = (a: string, b: string): string => ordered(a, b).join('\0');

export async function storedPairs(tx: ReadTransaction): Promise<Pair[]> {
  const rows = await tx.db.selectFrom('pairs').select('data').orderBy('a').orderBy('b').execute();
  return rows.map((row) => Pair.parse(JSON.parse(row.data)));
}

export async function openVerdicts(options: VerdictOptions): Promise<Verdicts> {
  const { store, subsystems } = options;
  const index = createOverlapIndex({ subsystems });
  const facts = new Map<string, UnitFacts>();
  const merges = new Map<string, MergeFact>();
  const known = new Map<string, Pair>();
  const neighbours = new Map<string, Set<string>>();
  const link = (pair: Pair): void => {
    for (const [one, other] of [[pair.a, pair.b], [pair.b, pair.a]] as const) {
      const set = neighbours.get(one) ?? new Set();
      neighbours.set(one, set);
      if (excludes(pair)) set.add(other);
      else set.delete(other);
    }
  };
  const excludes = (pair: Pair): boolean => pair.verdict === 'SERIALIZE' || (pair.verdict === 'ASK_OPERATOR' && options.onAsk() !== 'parallel');
  for (const pair of await store.read((tx) => storedPairs(tx))) {
    known.set(keyOf(pair.a, pair.b), pair);
    link(pair);
  }

  async function keep(changed: readonly Pair[]): Promise<void> {
    if (changed.length === 0) return;
    await store.write(async (tx) => {
      for (const pair of changed) {
        const row = { version: 1, data: JSON.stringify(pair) };
        const before = await tx.db.updateTable('pairs').set((build) => ({ version: build('version', '+', 1), data: row.data })).where('a', '=', pair.a).where('b', '=', pair.b).executeTakeFirst();
        if (before.numUpdatedRows === 0n) await tx.db.insertInto('pairs').values({ a: pair.a, b: pair.b, ...row }).execute();
        await tx.append({ type: 'pair.judged', unit: pair.a, data: pair });
      }
    });
    for (const pair of changed) {
      known.set(keyOf(pair.a, pair.b), pair);
      link(pair);
    }
    options.onChange();
  }

  function judged(a: string, b: string): Pair | null {
    const [first, second] = ordered(a, b);
    const one = facts.get(first);
    const other = facts.get(second);
    if (one === undefined || other === undefined) return null;
    const before = known.get(keyOf(a, b));
    const context = { subsystems, merge: merges.get(keyOf(a, b)) ?? null };
    // The same facts give the same verdict; and what an operator said stays said.
    if (before !== undefined && before.facts_hash === factsHash(one, other, context)) return null;
    const judgement = judgePair(one, other, context);
    if (before?.source === 'operator') {
      return { ...before, kinds: [...judgement.kinds], files: [...judgement.files], symbols: [...judgement.symbols], facts_hash: judgement.facts_hash };
    }
    if (before === undefined && judgement.verdict === 'INDEPENDENT' && judgement.kinds.length === 0 && judgement.source === 'oracle') return null;
    return { ...judgement, kinds: [...judgement.kinds], files: [...judgement.files], symbols: [...judgement.symbols], a: first, b: second, life: lifeOf(judgement) };
  }

  const lifeOf = ({ verdict }: Judgement): Pair['life'] => (verdict === 'ASK_OPERATOR' && options.onAsk() === 'ask' ? 'PENDING_VERDICT' : verdict === 'ASK_OPERATOR' ? 'DETECTED' : 'RESOLVED');

  async function judgeAll(chunks: Iterable<string>): Promise<void> {
    const seen = new Set<string>();
    const changed: Pair[] = [];
    for (const chunk of chunks) {
      // A pair that shared something may share nothing any more.
      const others = new Set([...index.candidates(chunk), ...(neighbours.get(chunk) ?? [])]);
      for (const other of others) {
        const key = keyOf(chunk, other);
        if (seen.has(key)) continue;
        seen.add(key);
        const pair = judged(chunk, other);
        if (pair !== null) changed.push(pair);
      }
    }
    await keep(changed);
  }

  async function put(units: readonly UnitFacts[]): Promise<void> {
    for (const unit of units) {
      facts.set(unit.chunk, unit);
      index.put(unit);
    }
    await judgeAll(units.map((unit) => unit.chunk));
  }

  return {
    exclusion: {
      against: (chunk) => neighbours.get(chunk) ?? [],
      asks: (a, b) => options.onAsk() === 'ask' && known.get(keyOf(a, b))?.verdict === 'ASK_OPERATOR',
    },
    told: (chunk) =>
      [...known.values()]
        .filter((pair) => (pair.a === chunk || pair.b === chunk) && pair.kinds.length > 0 && facts.has(pair.a) && facts.has(pair.b))
        .map((pair) => `${pair.a === chunk ? pair.b : pair.a} (${pair.verdict}): ${pair.reason}`),
    pairs: () => [...known.values()].filter((pair) => facts.has(pair.a) && facts.has(pair.b)),
    pair: (a, b) => known.get(keyOf(a, b)) ?? null,
    put,
    async refresh(chunk) {
      const fresh = await options.factsOf(chunk);
      if (fresh !== null) await put([fresh]);
    },
    async merged(a, b, fact) {
      merges.set(keyOf(a, b), fact);
      const pair = judged(a, b);
      if (pair !== null) await keep([pair]);
    },
    relink() {
      for (const pair of known.values()) link(pair);
    },
    drop(chunk) {
      facts.delete(chunk);
      index.remove(chunk);
      for (const key of merges.keys()) if (key.split('\0').includes(chunk)) merges.delete(key);
    },
    async resolve(a, b, verdict) {
      const [first, second] = ordered(a, b);
      const before = known.get(keyOf(a, b));
      if (first === second) return fail({ code: 'pair_invalid', kind: 'invalid', message: `${a} cannot conflict with itself.` });
      const blank = { kinds: [], confidence: 1, stage: 'operator', files: [], symbols: [], facts_hash: '' };
      const pair: Pair = { ...blank, ...before, a: first, b: second, verdict, confidence: 1, stage: 'operator', source: 'operator', reason: `the operator said ${verdict === 'INDEPENDENT' ? 'that they may run together' : 'that they must not run together'}${before === undefined ? '' : `; before: ${before.reason}`}`, life: 'RESOLVED' };
      await keep([pair]);
      return ok(pair);
    },
    analyse: (a, b) => judgePair(a, b, { subsystems, merge: merges.get(keyOf(a.chunk, b.chunk)) ?? null }),
  };
}
