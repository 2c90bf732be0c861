import { globMatcher } from '../../../src/base/glob.ts';
import { judgePair } from '../../../src/pool/oracle/judge.ts';
import type { Verdict } from '../../../src/pool/oracle/judge.ts';
import { createOverlapIndex } from '../../../src/pool/oracle/overlap-index.ts';
import { overlapOf } from '../../../src/pool/oracle/overlap.ts';
import type { SharedPlace } from '../../../src/pool/oracle/overlap.ts';
import type { UnitFacts } from '../../../src/pool/oracle/facts.ts';
import { changed, declared, globs, half, subsystems } from './facts.ts';
import type { Stage } from './facts.ts';
import type { Change, Project } from './history.ts';

export interface Score {
  readonly stage: string;
  readonly pairs: number;
  readonly conflicts: number;
  readonly independent: number;
  readonly asked: number;
  readonly serialized: number;
  /** Of what was not INDEPENDENT, the part that really conflicts; and of the conflicts, the part that was not. Null without any. */
  readonly precision: number | null;
  readonly recall: number | null;
  readonly serialize_precision: number | null;
  readonly serialize_recall: number | null;
  /** Mean square of (confidence - what came true) over verdicts other than INDEPENDENT; 0.25 is what a coin would get. */
  readonly brier: number | null;
}

const rate = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** How one stage's verdicts compare with what git says of the finished changes. */
export function score(stage: Stage, projects: readonly Project[]): Score {
  const seen: { readonly verdict: Verdict; readonly confidence: number; readonly real: boolean }[] = [];
  for (const project of projects) {
    for (const pair of project.pairs) {
      const { a, b, subsystems, merge } = stage.facts(project, pair);
      seen.push({ ...judgePair(a, b, { subsystems, merge }), real: pair.conflicts.length > 0 });
    }
  }
  const count = (test: (one: (typeof seen)[number]) => boolean): number => seen.filter(test).length;
  const conflicts = count(({ real }) => real);
  const serialized = count(({ verdict }) => verdict === 'SERIALIZE');
  const independent = count(({ verdict }) => verdict === 'INDEPENDENT');
  const hits = count(({ verdict, real }) => real && verdict !== 'INDEPENDENT');
  const serializeHits = count(({ verdict, real }) => real && verdict === 'SERIALIZE');
  const flagged = seen.filter(({ verdict }) => verdict !== 'INDEPENDENT');
  return {
    stage: stage.name, pairs: seen.length, conflicts, independent, asked: seen.length - independent - serialized, serialized,
    precision: rate(hits, seen.length - independent), recall: rate(hits, conflicts),
    serialize_precision: rate(serializeHits, serialized), serialize_recall: rate(serializeHits, conflicts),
    brier: rate(flagged.reduce((sum, { confidence, real }) => sum + (confidence - (real ? 1 : 0)) ** 2, 0), flagged.length),
  };
}

export interface Rate {
  readonly what: string;
  readonly places: number;
  readonly conflicts: number;
  readonly rate: number | null;
}

const NOTHING: Change = { name: '', files: {} };
const blank: UnitFacts = { chunk: '', goal: '', depends_on: null, touches: [], locations: [], symbols: [], subsystems: [], changed_files: [], changed_symbols: [] };

const NAMES: Readonly<Record<SharedPlace['how'], string>> = { symbol: 'file, one symbol shared', file: 'file, symbols not known', apart: 'file, different symbols', glob: 'folder' };

/** How often what two changes share conflicts, by how they share it: what the confidences are taken from. */
export function rates(projects: readonly Project[]): Rate[] {
  const seen = new Map<string, { places: number; conflicts: number }>();
  const add = (what: string, conflict: boolean): void => {
    const entry = seen.get(what) ?? { places: 0, conflicts: 0 };
    seen.set(what, { places: entry.places + 1, conflicts: entry.conflicts + (conflict ? 1 : 0) });
  };
  for (const { changes, pairs } of projects) {
    for (const { first, second, conflicts } of pairs) {
      const [a = NOTHING, b = NOTHING] = [changes[first], changes[second]];
      const shared = (facts: (change: Change) => Partial<UnitFacts>): readonly SharedPlace[] => overlapOf({ ...blank, ...facts(a) }, { ...blank, ...facts(b) }, {}).places;
      const files = shared(changed);
      for (const { path, how, symbols } of files) {
        add('file', conflicts.includes(path));
        add(how === 'symbol' && symbols.length > 1 ? 'file, several symbols shared' : NAMES[how], conflicts.includes(path));
        if (how === 'symbol' && symbols.every((name) => name === '')) add('file, only text outside symbols shared', conflicts.includes(path));
      }
      for (const { path } of shared(globs)) add('folder', conflicts.some((file) => globMatcher([path])(file)));
      const parts = new Set(subsystems(a).subsystems);
      if (subsystems(b).subsystems?.some((name) => parts.has(name)) === true) add('pair: the first two folders', conflicts.length > 0);
      add(files.length > 0 ? 'pair: a file' : 'pair: no file', conflicts.length > 0);
      const halfway = shared((change) => changed(half(change)));
      const clean = !halfway.some(({ path }) => conflicts.includes(path));
      if (halfway.length > 0 && clean) add('pair: a file halfway, and git merges cleanly there', conflicts.length > 0);
    }
  }
  return [...seen].map(([what, { places, conflicts }]) => ({ what, places, conflicts, rate: rate(conflicts, places) })).toSorted((x, y) => (x.what < y.what ? -1 : 1));
}

export interface Cost {
  readonly units: number;
  readonly load_ms: number;
  readonly candidates: number;
  readonly median_ms: number;
  readonly p95_ms: number;
  readonly slowest_ms: number;
}

/** What a new unit costs among many others: put, candidates and judging them all. The recorded changes, in ten folders of one big repository. */
export function cost(projects: readonly Project[], units = 10_000, rounds = 200): Cost {
  const changes = projects.flatMap(({ project, changes }) => changes.filter(({ files }) => Object.keys(files).length > 0).map((change) => ({ project, change })));
  let seed = 1;
  const below = (limit: number): number => Math.floor(((seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647) * limit);
  const make = (number: number): UnitFacts => {
    const { project, change } = changes[below(changes.length)] ?? { project: '', change: { name: '', files: {} } };
    const under = `area${below(10)}/${project.replaceAll(/[^\w-]/g, '')}/`;
    const moved: Change = { name: '', files: Object.fromEntries(Object.entries(change.files).map(([path, names]) => [under + path, names])) };
    return { ...blank, chunk: `unit-${number}`, ...declared(moved), ...changed(half(moved)), ...(number % 5 === 0 ? { touches: [`${under}docs/**`] } : {}) };
  };
  const subsystems = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`area${n}-core`, { globs: [`area${n}/core/**`], depends_on: [] }]));
  const index = createOverlapIndex({ subsystems });
  const all = new Map<string, UnitFacts>();
  const started = performance.now();
  for (let number = 0; number < units; number++) {
    const facts = make(number);
    all.set(facts.chunk, facts);
    index.put(facts);
  }
  const load_ms = performance.now() - started;
  let candidates = 0;
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const facts = make(units + round);
    const from = performance.now();
    index.put(facts);
    const found = index.candidates(facts.chunk);
    for (const other of found) judgePair(facts, all.get(other) ?? facts, { subsystems, merge: null });
    times.push(performance.now() - from);
    candidates += found.length;
    index.remove(facts.chunk);
  }
  const sorted = times.toSorted((x, y) => x - y);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
  return { units, load_ms, candidates: candidates / rounds, median_ms: at(0.5), p95_ms: at(0.95), slowest_ms: at(1) };
}
