import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PairContext, Subsystems, UnitFacts } from './facts.ts';
import { judgePair } from './judge.ts';
import type { Judgement } from './judge.ts';

const unit = (chunk: string, fields: Partial<UnitFacts> = {}): UnitFacts => ({ chunk, goal: '', depends_on: null, touches: [], locations: [], symbols: [], subsystems: [], changed_files: [], changed_symbols: [], ...fields });
const judge = (a: Partial<UnitFacts>, b: Partial<UnitFacts>, context: Partial<PairContext> = {}): Judgement => judgePair(unit('a', a), unit('b', b), { subsystems: {}, merge: null, ...context });
const clean = { clean: true, files: [] };
const conflict = { clean: false, files: ['src/x.ts'] };

describe('declared facts', () => {
  test('nothing shared is INDEPENDENT, with little confidence, however alike the goals are', () => {
    const said = judge({ goal: '# Goal\nFix the parser', touches: ['src/**'] }, { goal: '# Goal\nFix the parser', touches: ['docs/**'] });
    expect(said).toMatchObject({ verdict: 'INDEPENDENT', kinds: [], stage: 'none', source: 'oracle', files: [], symbols: [] });
    expect(said.confidence).toBeLessThan(0.5);
    expect(judge({}, {}).confidence).toBeLessThan(said.confidence);
  });

  test.each([
    [{ touches: ['src/x.ts'] }, { touches: ['src/x.ts'] }, 'SERIALIZE', ['src/x.ts']],
    [{ locations: ['src/x.ts'] }, { touches: ['/src/x.ts'] }, 'SERIALIZE', ['src/x.ts']],
    [{ touches: ['src/**'] }, { touches: ['src/a/*.ts'] }, 'ASK_OPERATOR', ['src/a/*.ts']],
    [{ touches: ['**/*.md'] }, { locations: ['docs/x.md'] }, 'ASK_OPERATOR', ['docs/x.md']],
    [{ locations: ['src/pool'] }, { locations: ['src/pool/x.ts'] }, 'ASK_OPERATOR', ['src/pool/x.ts']],
    [{ touches: ['src/pool'] }, { touches: ['src/pool/*.ts'] }, 'ASK_OPERATOR', ['src/pool/*.ts']],
    [{ touches: ['./src/**'] }, { changed_files: ['src/x.ts'] }, 'ASK_OPERATOR', ['src/x.ts']],
    [{ touches: ['src/*.ts', '!src/x.ts'] }, { changed_files: ['src/x.ts'] }, 'INDEPENDENT', []],
    [{ touches: ['src/*.ts', '!src/x.ts'] }, { changed_files: ['src/y.ts'] }, 'ASK_OPERATOR', ['src/y.ts']],
    [{ touches: ['src/x.ts'] }, { symbols: ['src/x.ts#f'] }, 'SERIALIZE', ['src/x.ts']],
  ] as const)('%j and %j: %s', (a, b, verdict, files) => {
    for (const said of [judge(a, b), judge(b, a)]) expect(said).toMatchObject({ verdict, files, kinds: files.length > 0 ? ['FILE'] : [], stage: files.length > 0 ? 'declared' : 'none' });
  });
});

describe('symbols', () => {
  test('the same one, or one inside the other: SERIALIZE', () => {
    expect(judge({ symbols: ['src/x.ts#f'] }, { symbols: ['src/x.ts#f'] })).toMatchObject({ verdict: 'SERIALIZE', kinds: ['FILE', 'SYMBOL'], stage: 'symbols', symbols: ['src/x.ts#f'] });
    expect(judge({ symbols: ['src/x.ts#Outer'] }, { symbols: ['src/x.ts#Outer::inner'] })).toMatchObject({ verdict: 'SERIALIZE', kinds: ['FILE', 'SYMBOL'] });
  });

  test('different ones of one file: less than SERIALIZE', () => {
    expect(judge({ symbols: ['src/x.ts#f'] }, { symbols: ['src/x.ts#fg'] })).toMatchObject({ verdict: 'ASK_OPERATOR', kinds: ['FILE'], stage: 'symbols' });
    expect(judge({ symbols: ['src/x.ts#A::m'] }, { symbols: ['src/x.ts#B::m'] }).verdict).toBe('ASK_OPERATOR');
  });

  test('of different files they have nothing in common', () => {
    expect(judge({ symbols: ['src/x.ts#f'] }, { symbols: ['src/y.ts#f'] })).toMatchObject({ verdict: 'INDEPENDENT', kinds: [] });
  });
});

describe('what branches have changed', () => {
  const file = { changed_files: ['src/x.ts'] };
  const of = (name: string) => ({ ...file, changed_symbols: [`src/x.ts#${name}`] });

  test('the same file, the same symbol, different symbols', () => {
    expect(judge(file, file)).toMatchObject({ verdict: 'SERIALIZE', kinds: ['FILE'], stage: 'changes' });
    expect(judge(of('f'), of('f'))).toMatchObject({ verdict: 'SERIALIZE', kinds: ['FILE', 'SYMBOL'], stage: 'changes' });
    expect(judge(of('f'), of('g'))).toMatchObject({ verdict: 'ASK_OPERATOR', kinds: ['FILE'], stage: 'changes' });
    expect(judge(of('f'), of('')).verdict).toBe('ASK_OPERATOR');
    // What has changed is the innermost; who declares a class may still change all of it.
    expect(judge(of('A'), of('A::m')).verdict).toBe('ASK_OPERATOR');
    expect(judge({ symbols: ['src/x.ts#A'] }, of('A::m')).verdict).toBe('SERIALIZE');
    expect(judge({ symbols: ['src/x.ts#A::m'] }, of('A')).verdict).toBe('ASK_OPERATOR');
  });

  test('a merge that is clean so far lowers what is said of them', () => {
    expect(judge(file, file, { merge: clean })).toMatchObject({ verdict: 'ASK_OPERATOR', stage: 'merge' });
    expect(judge(file, file, { merge: clean }).confidence).toBeLessThan(judge(file, file).confidence);
    expect(judge(of('f'), of('f'), { merge: clean }).verdict).toBe('ASK_OPERATOR');
    expect(judge(of('f'), of('g'), { merge: clean }).verdict).toBe('INDEPENDENT');
  });

  test('but what is declared may yet grow', () => {
    const declared = { ...of('f'), touches: ['src/**'] };
    expect(judge(declared, of('g'), { merge: clean }).verdict).toBe('ASK_OPERATOR');
    expect(judge({ touches: ['src/x.ts'] }, { touches: ['src/x.ts'] }, { merge: clean })).toMatchObject({ verdict: 'SERIALIZE', stage: 'declared' });
  });

  test('a merge that conflicts outranks all guesses', () => {
    for (const [a, b] of [[{}, {}], [file, file], [of('f'), of('g')]]) {
      const said = judge(a ?? {}, b ?? {}, { merge: conflict });
      expect(said).toMatchObject({ verdict: 'SERIALIZE', stage: 'merge', source: 'oracle', files: ['src/x.ts'] });
      expect(said.kinds).toContain('MERGE');
      expect(said.confidence).toBeGreaterThan(0.9);
      expect(said.reason).toContain('src/x.ts');
    }
  });
});

describe('subsystems', () => {
  const subsystems: Subsystems = {
    base: { globs: ['src/base/**'], depends_on: [] },
    store: { globs: ['src/store/**'], depends_on: ['base'] },
    web: { globs: ['src/web/**'], depends_on: ['store'] },
    docs: { globs: ['docs/**'], depends_on: [] },
  };
  const said = (a: Partial<UnitFacts>, b: Partial<UnitFacts>) => judge(a, b, { subsystems });

  test('the same one, by files, globs or name', () => {
    expect(said({ changed_files: ['src/web/a.ts'] }, { touches: ['src/web/b/*'] })).toMatchObject({ verdict: 'ASK_OPERATOR', kinds: ['SUBSYSTEM'], stage: 'subsystem', files: [] });
    expect(said({ subsystems: ['web'] }, { locations: ['src/web/'] }).verdict).toBe('ASK_OPERATOR');
    expect(said({ subsystems: ['unknown'] }, { subsystems: ['unknown'] }).verdict).toBe('ASK_OPERATOR');
  });

  test('one that builds on the other, the weaker the further', () => {
    const direct = said({ subsystems: ['base'] }, { subsystems: ['store'] });
    const far = said({ subsystems: ['web'] }, { subsystems: ['base'] });
    expect([direct.verdict, far.verdict]).toEqual(['ASK_OPERATOR', 'ASK_OPERATOR']);
    expect(far.confidence).toBeLessThan(direct.confidence);
    expect(said({ subsystems: ['docs'] }, { subsystems: ['web'] }).verdict).toBe('INDEPENDENT');
  });

  test('two that build on a third have nothing to do with each other', () => {
    const twins = { base: { globs: [], depends_on: [] }, one: { globs: [], depends_on: ['base'] }, two: { globs: [], depends_on: ['base', 'two'] } };
    expect(judge({ subsystems: ['one'] }, { subsystems: ['two'] }, { subsystems: twins }).verdict).toBe('INDEPENDENT');
  });
});

describe('what a person declared', () => {
  const file = { touches: ['src/x.ts'] };

  test('an order is SERIALIZE, also against a unit that is independent of all', () => {
    expect(judge({ depends_on: ['plans/b/'] }, {})).toMatchObject({ verdict: 'SERIALIZE', source: 'declared', stage: 'declared', confidence: 1, kinds: [] });
    expect(judge({ depends_on: [] }, { depends_on: ['a'] })).toMatchObject({ verdict: 'SERIALIZE', source: 'declared' });
  });

  test('independence outranks the oracle; what was found is still told', () => {
    expect(judge({ ...file, depends_on: [] }, file)).toMatchObject({ verdict: 'INDEPENDENT', source: 'declared', confidence: 1, kinds: ['FILE'], files: ['src/x.ts'] });
  });

  test("it stands against git's conflict too, which is told and takes the confidence", () => {
    const said = judge({ depends_on: [] }, {}, { merge: conflict });
    expect(said).toMatchObject({ verdict: 'INDEPENDENT', source: 'declared', kinds: ['MERGE'], files: ['src/x.ts'] });
    expect(said.reason).toContain('git finds');
    expect(said.confidence).toBeLessThan(0.1);
  });

  test('a dependency on one unit says nothing about others', () => {
    expect(judge({ ...file, depends_on: ['c'] }, file)).toMatchObject({ verdict: 'SERIALIZE', source: 'oracle' });
  });
});

describe('whatever the facts', () => {
  const path = fc.constantFrom('src/a.ts', 'src/b.ts', 'docs/x.md', 'src/web/c.ts');
  const glob = fc.constantFrom('src/**', '**/*.md', 'src/a.ts', '/docs/', '*.ts', '!src/a.ts');
  const symbol = fc.tuple(path, fc.constantFrom('', 'f', 'g', 'A', 'A::m')).map(([at, name]) => `${at}#${name}`);
  const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 3 });
  const facts = (chunk: string) =>
    fc.record({
      chunk: fc.constant(chunk),
      goal: fc.string(),
      depends_on: fc.option(list(fc.constantFrom('a', 'b', 'c'))),
      touches: list(glob),
      locations: list(path),
      symbols: list(symbol),
      subsystems: list(fc.constantFrom('web', 'docs')),
      changed_files: list(path),
      changed_symbols: list(symbol),
    });
  const merge = fc.option(fc.record({ clean: fc.boolean(), files: list(path) }));
  const subsystems = { web: { globs: ['src/web/**'], depends_on: ['docs'] }, docs: { globs: ['docs/**'], depends_on: [] } };

  test('the order of the two does not matter, the goal neither, and the rules hold', () => {
    fc.assert(
      fc.property(facts('a'), facts('b'), merge, (a, b, merge) => {
        const context = { subsystems, merge };
        const said = judgePair(a, b, context);
        expect(judgePair(b, a, context)).toEqual(said);
        expect(judgePair({ ...a, goal: 'other' }, b, context)).toEqual(said);
        expect(said.confidence).toBeGreaterThanOrEqual(0);
        expect(said.confidence).toBeLessThanOrEqual(1);
        if (said.source === 'declared') return;
        if (merge?.clean === false) expect(said.verdict).toBe('SERIALIZE');
        if (said.kinds.length === 0) expect(said).toMatchObject({ verdict: 'INDEPENDENT', stage: 'none' });
        // What somebody declared and shares is never simply independent.
        const declares: readonly string[] = [...a.locations, ...b.locations];
        if (said.files.some((file) => declares.includes(file))) expect(said.verdict).not.toBe('INDEPENDENT');
      }),
      { numRuns: 500 },
    );
  });
});
