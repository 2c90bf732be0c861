/**
 * Measures the conflict oracle against real history: precision and recall of each stage, how often each kind of shared
 * place conflicts (what src/pool/oracle/rates.ts is set from), and what a new unit costs among 10,000. The truth is what
 * git says of merging the two changes; see record.ts. Prints tables and writes `bench-results/oracle-<UTC>.json`. Not a
 * test: nothing here passes or fails.
 *
 *   npm run bench:oracle
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STAGES } from './facts.ts';
import { readHistory } from './history.ts';
import type { Project } from './history.ts';
import { cost, rates, score } from './measure.ts';
import type { Score } from './measure.ts';

const projects = readHistory();
const percent = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(0)} %`);
const print = (line = ''): void => void process.stdout.write(`${line}\n`);

function table(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  for (const row of rows) print(row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '));
  print();
}

function scores(title: string, some: readonly Project[]): Score[] {
  const all = STAGES.map((stage) => score(stage, some));
  const { pairs = 0, conflicts = 0 } = all[0] ?? {};
  print(`${title}: ${some.length} projects, ${pairs} pairs, ${conflicts} in conflict (${percent(conflicts / pairs)})`);
  table([
    ['stage', 'INDEP', 'ASK', 'SERIAL', 'precision', 'recall', 'SERIAL precision', 'SERIAL recall', 'Brier'],
    ...all.map((one) => [one.stage, String(one.independent), String(one.asked), String(one.serialized), percent(one.precision), percent(one.recall), percent(one.serialize_precision), percent(one.serialize_recall), one.brier?.toFixed(3) ?? '-']),
  ]);
  return all;
}

print('precision: of what is not INDEPENDENT, the part that conflicts; recall: of what conflicts, the part that is not INDEPENDENT');
print('Plans here name just what was changed in the end, so their recall is the best that plans can reach; "halfway" is what is known while two run.');
print();
const all = scores('all', projects);
const releases = scores('releases of npm packages', projects.filter(({ kind }) => kind === 'releases'));
const patches = scores('patches of Debian packages', projects.filter(({ kind }) => kind === 'patches'));
const measured = rates(projects);
table([['shared by two changes', 'number', 'in conflict', 'rate'], ...measured.map(({ what, places, conflicts, rate }) => [what, String(places), String(conflicts), percent(rate)])]);
const price = cost(projects);
table([
  ['a new unit among 10,000', 'candidates', 'median', 'p95', 'slowest'],
  ['put, candidates, judging them', price.candidates.toFixed(0), `${price.median_ms.toFixed(2)} ms`, `${price.p95_ms.toFixed(2)} ms`, `${price.slowest_ms.toFixed(2)} ms`],
]);
const folder = fileURLToPath(new URL('../../../bench-results/', import.meta.url));
mkdirSync(folder, { recursive: true });
const file = join(folder, `oracle-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`);
writeFileSync(file, `${JSON.stringify({ all, releases, patches, rates: measured, cost: price }, null, 2)}\n`);
print(file);
