import { declaredTowards, factsHash } from './facts.ts';
import type { MergeFact, PairContext, UnitFacts } from './facts.ts';
import { overlapOf } from './overlap.ts';
import type { Overlap, SharedPlace } from './overlap.ts';
import { CONFLICT_RATE } from './rates.ts';

export type ConflictKind = 'FILE' | 'SYMBOL' | 'SUBSYSTEM' | 'MERGE';
export type Verdict = 'INDEPENDENT' | 'SERIALIZE' | 'ASK_OPERATOR';

export interface Judgement {
  readonly kinds: readonly ConflictKind[];
  readonly verdict: Verdict;
  /** 0 to 1. Of SERIALIZE and ASK_OPERATOR: how often such a pair really collided where it was measured (rates.ts). */
  readonly confidence: number;
  /** The strongest fact that the verdict rests on. */
  readonly stage: 'none' | 'declared' | 'symbols' | 'subsystem' | 'changes' | 'merge';
  readonly source: 'oracle' | 'declared';
  /** One sentence for people. */
  readonly reason: string;
  /** Paths and globs that are shared or in conflict. */
  readonly files: readonly string[];
  /** As `path#Outer::inner`. */
  readonly symbols: readonly string[];
  readonly facts_hash: string;
}

type Conclusion = Pick<Judgement, 'verdict' | 'confidence' | 'stage' | 'reason'>;

/** What one shared thing speaks for. The sentence is made for the few that are shown. */
interface Opinion extends Pick<Judgement, 'verdict' | 'confidence' | 'stage'> {
  readonly reason: () => string;
}

const WEIGHT: Readonly<Record<Verdict, number>> = { INDEPENDENT: 0, ASK_OPERATOR: 1, SERIALIZE: 2 };

/**
 * Whether two units may run side by side; the same for (a, b) and (b, a).
 *
 * Who is believed, strongest first:
 * 1. `depends_on` names the other: SERIALIZE. A specific word beats a general one, so this also holds where the other
 *    unit says `[]`. Names say nothing about units that they do not name; about those the facts are asked.
 * 2. `depends_on: []` of either: INDEPENDENT. A person who wrote it knows the work and takes on what may follow, and the
 *    price of being wrong is bounded: a branch that does not merge cleanly never lands, it comes back to be reworked.
 *    An oracle that overruled it would leave no way to say "run them anyway". But a conflict that git has found is no
 *    guess, so it stays in `kinds`, `files` and `reason`, and the confidence falls: whoever lists conflicts sees it.
 * 3. Git: a merge that conflicts now is SERIALIZE. A clean one speaks only of what both branches have changed so far:
 *    of those files SERIALIZE becomes ASK_OPERATOR; where the symbols differ too and nobody declared the file,
 *    INDEPENDENT. What is declared can still grow, so it never falls below ASK_OPERATOR.
 * 4. Facts: the same symbol, or the same file by name with no symbols known: SERIALIZE. The same file in different
 *    symbols, a glob, a subsystem: ASK_OPERATOR. Nothing shared: INDEPENDENT, with little confidence, as plans are
 *    promises; the goals' texts decide nothing.
 */
export function judgePair(a: UnitFacts, b: UnitFacts, context: PairContext): Judgement {
  const overlap = overlapOf(a, b, context.subsystems);
  const merge = context.merge;
  const opinions = [...overlap.places.map((place) => ofPlace(place, merge)), ofSubsystems(overlap), ofMerge(merge)].filter((one) => one !== null);
  const found = {
    kinds: kindsOf(overlap, merge),
    files: [...new Set([...overlap.places.map(({ path }) => path), ...(merge?.clean === false ? merge.files : [])])].toSorted(),
    symbols: overlap.places.flatMap(({ path, symbols }) => symbols.map((name) => `${path}#${name}`)).toSorted(),
    facts_hash: factsHash(a, b, context),
  };
  const said = declared(a, b);
  if (said === null) return { ...found, ...together(opinions, a, b), source: 'oracle' };
  const conflict = said.verdict === 'INDEPENDENT' ? ofMerge(merge) : null;
  if (conflict === null) return { ...found, ...said, stage: 'declared', source: 'declared' };
  return { ...found, ...said, confidence: 1 - conflict.confidence, stage: 'declared', source: 'declared', reason: `${said.reason}, yet ${conflict.reason()}` };
}

function declared(a: UnitFacts, b: UnitFacts): Pick<Conclusion, 'verdict' | 'confidence' | 'reason'> | null {
  const order = [[a, b], [b, a]] as const;
  const names = order.filter(([one, other]) => declaredTowards(one, other.chunk) === 'after').map(([one, other]) => `${one.chunk} is declared to come after ${other.chunk}`);
  if (names.length > 0) return { verdict: 'SERIALIZE', confidence: 1, reason: names.toSorted().join('; ') };
  const free = order.filter(([one, other]) => declaredTowards(one, other.chunk) === 'independent').map(([one]) => one.chunk).toSorted();
  return free.length > 0 ? { verdict: 'INDEPENDENT', confidence: 1, reason: `${free.join(' and ')} ${free.length > 1 ? 'are' : 'is'} declared independent of all` } : null;
}

function ofPlace(place: SharedPlace, merge: MergeFact | null): Opinion {
  const { how, symbols, real, declared } = place;
  const stage = real ? 'changes' : how === 'symbol' || how === 'apart' ? 'symbols' : 'declared';
  const verdict = how === 'symbol' || how === 'file' ? 'SERIALIZE' : 'ASK_OPERATOR';
  const confidence = CONFLICT_RATE[how === 'symbol' && symbols.length > 1 ? 'symbols' : how];
  if (!real || merge?.clean !== true) return { verdict, confidence, stage, reason: () => sentence(place) };
  const settled = how === 'apart' && !declared;
  return { verdict: settled ? 'INDEPENDENT' : 'ASK_OPERATOR', confidence: confidence * CONFLICT_RATE.after_clean_merge, stage: 'merge', reason: () => `${sentence(place)}, but git merges it cleanly so far` };
}

function sentence({ path, how, symbols, real }: SharedPlace): string {
  const does = `${real ? 'both have changed' : 'both touch'} ${path}`;
  if (how === 'symbol') return `${does} in the same place (${few(symbols.map((name) => (name === '' ? 'text outside any symbol' : name)))})`;
  if (how === 'apart') return `${does}, in different symbols`;
  return how === 'file' ? does : `what they declare meets in ${path}`;
}

function ofSubsystems({ subsystems }: Overlap): Opinion | null {
  if (subsystems === null) return null;
  const { names, steps } = subsystems;
  const far = steps === 0 ? 'both work in' : steps === 1 ? 'one works on what the other builds on:' : `one works on what the other builds on in ${steps} steps:`;
  return { verdict: 'ASK_OPERATOR', confidence: CONFLICT_RATE.subsystem / 2 ** steps, stage: 'subsystem', reason: () => `${far} ${names.join(', ')}` };
}

function ofMerge(merge: MergeFact | null): Opinion | null {
  if (merge === null || merge.clean) return null;
  return { verdict: 'SERIALIZE', confidence: CONFLICT_RATE.merge, stage: 'merge', reason: () => `git finds that their branches conflict${merge.files.length === 0 ? '' : ` in ${few(merge.files)}`}` };
}

function kindsOf({ places, subsystems }: Overlap, merge: MergeFact | null): ConflictKind[] {
  return [
    ...(places.length > 0 ? ['FILE' as const] : []),
    ...(places.some(({ how }) => how === 'symbol') ? ['SYMBOL' as const] : []),
    ...(subsystems === null ? [] : ['SUBSYSTEM' as const]),
    ...(merge?.clean === false ? ['MERGE' as const] : []),
  ];
}

/** The gravest verdict, with the reasons for it; each place is one more chance to collide. */
function together(opinions: readonly Opinion[], a: UnitFacts, b: UnitFacts): Conclusion {
  const gravest = Math.max(...opinions.map(({ verdict }) => WEIGHT[verdict]), -1);
  const deciding = opinions.filter(({ verdict }) => WEIGHT[verdict] === gravest).toSorted((x, y) => y.confidence - x.confidence);
  const [first] = deciding;
  if (first === undefined) return { verdict: 'INDEPENDENT', confidence: unshared(a, b), stage: 'none', reason: 'they share no file, symbol or subsystem that is known' };
  const { verdict, stage } = first;
  const confidence = verdict === 'INDEPENDENT' ? 1 - chance(opinions) : chance(opinions);
  return { verdict, stage, confidence, reason: few(deciding, '; ', ({ reason }) => reason()) };
}

/** That at least one of several chances comes true; never certain. */
function chance(opinions: readonly Opinion[]): number {
  const none = opinions.reduce((left, { confidence }) => left * (1 - confidence), 1);
  return Math.min(Math.round((1 - none) * 100) / 100, CONFLICT_RATE.merge);
}

/** Sharing nothing says the less, the less is known. */
function unshared(a: UnitFacts, b: UnitFacts): number {
  const known = [a, b].map((unit) => (unit.changed_files.length > 0 ? 2 : unit.touches.length + unit.locations.length + unit.symbols.length > 0 ? 1 : 0));
  return [0.1, 0.3, 0.4][Math.min(...known)] ?? 0.1;
}

function few<T>(items: readonly T[], joint = ', ', text: (item: T) => string = String): string {
  const shown = items.slice(0, 3).map(text).join(joint);
  return items.length > 3 ? `${shown} and ${items.length - 3} more` : shown;
}
