import type { MergeFact, Subsystems, UnitFacts } from '../../../src/pool/oracle/facts.ts';
import type { Change, Pair, Project } from './history.ts';

/** The recorded changes as facts about work units, one way for each stage of the oracle. */

export interface Case {
  readonly a: UnitFacts;
  readonly b: UnitFacts;
  readonly subsystems: Subsystems;
  readonly merge: MergeFact | null;
}

export interface Stage {
  readonly name: string;
  readonly facts: (project: Project, pair: Pair) => Case;
}

const blank = { goal: '', depends_on: null, touches: [], locations: [], symbols: [], subsystems: [], changed_files: [], changed_symbols: [] };

const filesOf = ({ files }: Change): string[] => Object.keys(files);
const symbolsOf = ({ files }: Change): string[] => Object.entries(files).flatMap(([path, names]) => names.map((name) => `${path}#${name}`));
const escaped = (path: string): string => path.replace(/[\\[\]*?!#]/g, '\\$&');
const folder = (path: string): string => path.split('/').slice(0, -1).join('/');
/** The first two folders: one is the same for a whole project mostly. */
const part = (path: string): string => path.split('/').slice(0, -1).slice(0, 2).join('/');

export const declared = (change: Change): Partial<UnitFacts> => ({ locations: filesOf(change) });
export const globs = (change: Change): Partial<UnitFacts> => ({ touches: [...new Set(filesOf(change).map((path) => (folder(path) === '' ? `/${escaped(path)}` : `/${escaped(folder(path))}/**`)))] });
const symbols = (change: Change): Partial<UnitFacts> => ({ locations: filesOf(change), symbols: symbolsOf(change) });
export const subsystems = (change: Change): Partial<UnitFacts> => ({ subsystems: [...new Set(filesOf(change).map(part).filter((name) => name !== ''))] });
const changedFiles = (change: Change): Partial<UnitFacts> => ({ changed_files: filesOf(change) });
export const changed = (change: Change): Partial<UnitFacts> => ({ changed_files: filesOf(change), changed_symbols: symbolsOf(change) });

/** Every other file of it: what a branch has changed halfway. */
export function half(change: Change): Change {
  return { ...change, files: Object.fromEntries(Object.entries(change.files).toSorted(([x], [y]) => (x < y ? -1 : 1)).filter((_, at) => at % 2 === 0)) };
}

const unit = (chunk: string, fields: Partial<UnitFacts>): UnitFacts => ({ ...blank, chunk, ...fields });

function stage(name: string, fields: (change: Change) => Partial<UnitFacts>, merge: (pair: Pair, a: Change, b: Change) => MergeFact | null = () => null, of: (change: Change) => Change = (change) => change): Stage {
  return {
    name,
    facts: ({ changes }, pair) => {
      const [first, second] = [changes[pair.first], changes[pair.second]].map((change) => of(change ?? { name: '', files: {} }));
      if (first === undefined || second === undefined) throw new Error('a pair has two changes');
      return { a: unit('a', fields(first)), b: unit('b', fields(second)), subsystems: {}, merge: merge(pair, first, second) };
    },
  };
}

/** What git would say of those parts of the two branches: it merges file by file. */
function mergeOf({ conflicts }: Pair, a: Change, b: Change): MergeFact {
  const files = conflicts.filter((path) => Object.hasOwn(a.files, path) && Object.hasOwn(b.files, path));
  return { clean: files.length === 0, files };
}

export const STAGES: readonly Stage[] = [
  stage('declared: paths', declared),
  stage('declared: folders as globs', globs),
  stage('symbols: declared with the paths', symbols),
  stage('subsystem: first two folders', subsystems),
  stage('changes: files', changedFiles),
  stage('changes: files and symbols', changed),
  stage('changes, halfway', changed, undefined, half),
  stage('merge, halfway', changed, mergeOf, half),
  stage('declared, and merge halfway', (change) => ({ ...declared(change), ...changed(half(change)) }), (pair, a, b) => mergeOf(pair, half(a), half(b))),
  // The truth itself: only shows that nothing else outvotes it.
  stage('merge', changed, ({ conflicts }) => ({ clean: conflicts.length === 0, files: conflicts })),
];
