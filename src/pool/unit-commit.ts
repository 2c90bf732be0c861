import { crashPoint } from '../base/crash-point.ts';
import type { Failure } from '../base/failure.ts';
import { commitPaths } from '../git/commit.ts';
import { gatherChanges, takeSnapshot } from '../loop/contract.ts';
import type { LoopSettings } from '../loop/contract.ts';
import type { Unit } from './unit.ts';
import type { UnitPlace } from './worktrees.ts';

const NOBODY: ReadonlySet<string> = new Set();

/** What a phase left in its worktree, committed. */
export interface CommittedWork {
  readonly head: string;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  /** Why nothing may be committed, or the agent's own commits must not land. */
  readonly failure: Failure | null;
}

/** Commits what an agent left, by the rules that hold for turns. `base`: the branch's tip before the phase; `target`: the tip of the branch that it lands on. */
export async function commitWork(place: UnitPlace, unit: Unit, base: string, target: string, settings: LoopSettings, subject: string): Promise<CommittedWork> {
  const { repository } = place;
  const after = await takeSnapshot(repository.git, repository.root);
  const changes = await gatherChanges({ repository, branch: unit.branch, settings, theirs: [target] }, { actor: 'ralph', base, person: NOBODY, before: null }, after);
  const told = { skipped: changes.skipped, warnings: changes.warnings };
  if (changes.failure !== null) return { head: changes.head, failure: changes.failure, ...told };
  if (changes.commit.length === 0) return { head: changes.head, failure: null, ...told };
  const untracked = changes.commit.filter((path) => after.dirty.get(path)?.kind === 'untracked');
  const made = await commitPaths(repository, { paths: changes.commit, untracked, message: `${subject}\n\n${trailers(unit)}\n` });
  crashPoint('unit-committed');
  return { head: made ?? changes.head, failure: null, ...told };
}

/** Facts of a unit that its commits carry; programs read these and never a subject. */
export const trailers = (unit: Pick<Unit, 'chunk' | 'id' | 'phase' | 'agent'>): string =>
  [`Orchestrator-Unit: ${unit.chunk}`, `Orchestrator-Unit-Id: ${unit.id}`, ...(unit.phase === null ? [] : [`Orchestrator-Phase: ${unit.phase}`]), `Orchestrator-Agent: ${unit.agent.name.replaceAll(/[\s\p{Cc}]+/gu, ' ')}`].join('\n');
