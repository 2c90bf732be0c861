import { join } from 'node:path';
import type { Repository } from '../git/repository.ts';

/** Where the loop keeps what is its own. Nothing of it is ever part of a commit. */
export interface Places {
  /** `.git/orchestrator` of this checkout. */
  readonly control: string;
  /** The turn in flight. */
  readonly journal: string;
  /** The file of the turn before, which the next one's journal is written into. */
  readonly closedJournal: string;
  /** Which process runs here. */
  readonly lock: string;
  /** A person's wish that the run end. */
  readonly stop: string;
  /** What was dirty before the run's first turn. */
  readonly person: string;
  /** What earlier turns left uncommitted. */
  readonly leftovers: string;
  /** What agents have used, over all runs and worktrees of the repository. */
  readonly spent: string;
  /** For the agent at work: its prompt, and what its wrapper writes down. */
  readonly attempt: string;
  /** Files that agents write for us. */
  readonly outcomes: string;
  /** `.orchestrator` in the workspace: writable for agents, invisible to git. */
  readonly scratch: string;
}

export function placesOf({ gitDirectory, commonDirectory }: Pick<Repository, 'gitDirectory' | 'commonDirectory'>, workspace: string): Places {
  const control = join(gitDirectory, 'orchestrator');
  const scratch = join(workspace, '.orchestrator');
  return {
    control,
    journal: join(control, 'turn.json'),
    closedJournal: join(control, 'turn.closed.json'),
    lock: join(control, 'run.lock'),
    stop: join(control, 'stop.json'),
    person: join(control, 'person.json'),
    leftovers: join(control, 'leftovers.json'),
    spent: join(commonDirectory, 'orchestrator', 'spent.jsonl'),
    attempt: join(control, 'attempt'),
    outcomes: join(scratch, 'outcomes'),
    scratch,
  };
}
