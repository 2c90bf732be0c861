import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { openRepository } from '../../git/repository.ts';
import { openWorkspace } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { chunkName } from '../chunk-name.ts';
import { readChunk } from '../goal-file.ts';
import type { UnitFacts } from '../oracle/facts.ts';
import { judgePair } from '../oracle/judge.ts';
import { liveUnits } from '../unit-book.ts';
import { declaredFacts, factsOfUnit } from '../unit-facts.ts';
import { Pair, storedPairs } from '../verdicts.ts';
import { READ_FAILURES, poolOf, readStore } from './open.ts';

const shared = { transaction: 'none', cross_domain_deps: [], surfaces: ['cli', 'http'], callers: ['operator', 'system'], starts_work: false } as const;

const PairView = Pair.omit({ facts_hash: true, life: true });
const viewOf = ({ facts_hash: _hash, life: _life, ...view }: Pair): z.infer<typeof PairView> => view;

export const conflictList = defineOperation({
  ...shared,
  name: 'pool.conflict.list',
  summary: 'Pairs of live work units that touch the same things, with the verdict on each',
  input: z.object({ all: z.boolean().default(false).describe('Also those whose units are at their end.') }),
  output: z.object({ pairs: z.array(PairView) }),
  failures: READ_FAILURES,
  handler: async (context, { all }) =>
    await readStore(context, { pairs: [] }, async (tx) => {
      const live = new Set((await liveUnits(tx)).map((unit) => unit.chunk));
      return { pairs: (await storedPairs(tx)).filter((pair) => all || (live.has(pair.a) && live.has(pair.b))).map(viewOf) };
    }),
});

const Two = { a: z.string().min(1).describe('A chunk.'), b: z.string().min(1).describe('Another one.') };

function twoNames(input: { readonly a: string; readonly b: string }): Result<[string, string]> {
  const a = chunkName(input.a);
  if (!a.ok) return a;
  const b = chunkName(input.b);
  if (!b.ok) return b;
  return a.value === b.value ? fail({ code: 'pair_invalid', kind: 'invalid', message: `${a.value} cannot conflict with itself.` }) : ok([a.value, b.value]);
}

export const conflictResolve = defineOperation({
  ...shared,
  name: 'pool.conflict.resolve',
  summary: 'Say whether two work units may be at work together; it outranks the oracle for good',
  input: z.object({ ...Two, verdict: z.enum(['independent', 'serialize']) }),
  output: z.object({ pair: PairView }),
  failures: ['chunk_name_invalid', 'chunk_not_found', 'daemon_not_running', 'pair_invalid'],
  runs_in: 'daemon',
  async handler(context, input) {
    const pool = poolOf(context);
    if (!pool.ok) return pool;
    const names = twoNames(input);
    if (!names.ok) return names;
    const { runtime } = pool.value;
    for (const name of names.value) {
      if (runtime.units.live.has(name) || (await runtime.units.find(name)) !== null) continue;
      const chunk = readChunk(runtime.workspace, name);
      if (!chunk.ok) return chunk;
    }
    const resolved = await runtime.verdicts.resolve(names.value[0], names.value[1], input.verdict === 'independent' ? 'INDEPENDENT' : 'SERIALIZE');
    return resolved.ok ? ok({ pair: viewOf(resolved.value) }) : resolved;
  },
});

export const conflictAnalyze = defineOperation({
  ...shared,
  name: 'pool.conflict.analyze',
  summary: 'What the oracle thinks of two chunks, and why; nothing is kept',
  input: z.object(Two),
  output: z.object({ analysis: PairView, decided: PairView.nullable().describe('What holds, where the pair is known already.') }),
  failures: ['chunk_invalid', 'chunk_name_invalid', 'chunk_not_found', 'pair_invalid', ...READ_FAILURES],
  async handler(context, input) {
    const names = twoNames(input);
    if (!names.ok) return names;
    const [a, b] = names.value.toSorted();
    if (a === undefined || b === undefined) throw new Error('A pair of two has two names');
    const opened = await openWorkspace(context);
    if (!opened.ok) return opened;
    const facts: UnitFacts[] = [];
    for (const name of [a, b]) {
      const found = await factsNow(context, opened.value.workspace, name);
      if (!found.ok) return found;
      facts.push(found.value);
    }
    const [one, other] = facts;
    if (one === undefined || other === undefined) throw new Error('Two chunks have two sets of facts');
    const judgement = judgePair(one, other, { subsystems: opened.value.loaded.config.subsystems, merge: null });
    const { facts_hash: _, ...said } = judgement;
    const decided = await readStore<Pair | null>(context, null, async (tx) => (await storedPairs(tx)).find((pair) => pair.a === a && pair.b === b) ?? null);
    if (!decided.ok) return decided;
    return ok({ analysis: { ...said, a, b, kinds: [...said.kinds], files: [...said.files], symbols: [...said.symbols] }, decided: decided.value === null ? null : viewOf(decided.value) });
  },
});

/** A chunk's facts where it is: in its unit's worktree, or in the workspace. */
async function factsNow(context: OperationContext, workspace: string, name: string): Promise<Result<UnitFacts>> {
  const unit = await readStore(context, null, async (tx) => (await liveUnits(tx)).find((each) => each.chunk === name) ?? null);
  if (!unit.ok) return unit;
  const chunk = readChunk(workspace, name);
  if (unit.value?.worktree === null || unit.value === null) return chunk.ok ? ok(declaredFacts(chunk.value)) : chunk;
  const repository = await openRepository(workspace);
  if (!repository.ok) return repository;
  const prefix = relative(repository.value.root, workspace).split(sep).join('/');
  const facts = await factsOfUnit(repository.value.git, join(unit.value.worktree, prefix), unit.value);
  return facts !== null ? ok(facts) : chunk.ok ? ok(declaredFacts(chunk.value)) : chunk;
}
