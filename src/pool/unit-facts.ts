import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Git } from '../git/git.ts';
import { resolveCommit } from '../git/history.ts';
import { readAgentFile } from '../loop/contract.ts';
import { PLANS } from './chunk-name.ts';
import type { Chunk } from './chunk.ts';
import { readChunk } from './goal-file.ts';
import type { UnitFacts } from './oracle/facts.ts';
import { languageOf } from './oracle/symbols/grammar.ts';
import { changedSymbols } from './oracle/symbols/symbols-of.ts';
import type { Unit } from './unit.ts';

/** Facts for the oracle, read where a unit works. */

export const declaredFacts = (chunk: Chunk): UnitFacts => ({
  chunk: chunk.name, goal: chunk.goal, depends_on: chunk.depends_on, touches: chunk.touches, locations: chunk.locations, symbols: chunk.symbols, subsystems: chunk.subsystems, changed_files: [], changed_symbols: [],
});

const Touches = z.object({ paths: z.array(z.string().min(1)).max(500) });

/** What the unit's agents said in the middle of their calls that they would change. */
function declaredMidway(workspace: string): string[] {
  const folder = join(workspace, '.orchestrator', 'touches');
  try {
    return readdirSync(folder).slice(0, 100).flatMap((name) => {
      const read = readAgentFile(join(folder, name));
      const parsed = Touches.safeParse(read.ok && read.value !== null ? JSON.parse(read.value) : null);
      return parsed.success ? parsed.data.paths : [];
    });
  } catch {
    return [];
  }
}

/** Whether a path lies in a folder of the workspace, wherever that is in the repository. */
const isOwn = (path: string, folder: string): boolean => path.startsWith(folder) || path.includes(`/${folder}`);

/** Of more files than these the list is enough. */
const PARSED = 100;

/** What a unit declares in its own worktree, and what its branch has really changed; null where nothing can be read. */
export async function factsOfUnit(git: Git, workspace: string, unit: Unit): Promise<UnitFacts | null> {
  const chunk = readChunk(workspace, unit.chunk);
  if (!chunk.ok) return null;
  const said = declaredFacts(chunk.value);
  const declared = { ...said, touches: [...said.touches, ...declaredMidway(workspace)] };
  const tip = await resolveCommit(git, `refs/heads/${unit.branch}`);
  if (tip === null || unit.base === null || tip === unit.base) return declared;
  // What came in by an update from the target is not its own.
  const base = (await git.run(['merge-base', unit.updating ?? `refs/heads/${unit.target}`, tip])).trim();
  const text = await git.run(['diff', '--name-only', '--no-renames', '-z', base, tip]);
  // Its own plan is nobody else's.
  // Nor is what its activation set, which is put back before the merge.
  const set = unit.displaced.map((chunk) => `${PLANS}/${chunk}/GOAL.md`);
  const changed_files = text.split('\0').filter((path) => path !== '' && !isOwn(path, `${PLANS}/${unit.chunk}/`) && !set.some((goal) => path === goal || path.endsWith(`/${goal}`)));
  const changed_symbols: string[] = [];
  for (const path of changed_files.filter((each) => languageOf(each) !== null).slice(0, PARSED)) {
    const at = async (commit: string): Promise<string> => (await git.attempt(['cat-file', 'blob', `${commit}:${path}`])).stdout;
    changed_symbols.push(...(await changedSymbols(path, await at(base), await at(tip))));
  }
  return { ...declared, changed_files, changed_symbols };
}
