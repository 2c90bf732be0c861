import { z } from 'zod';
import { choice, duration, shown, text, whole, written, yesNo } from './value.ts';
import { choices, command, list } from './value-list.ts';

/** The sections of pool, governance, sequences and the services around them. */

export const pool = z
  .strictObject({
    max_agents: whole(1).prefault(4).describe('Agents at work at the same time.'),
    gate: command().exactOptional().describe('Command that must pass on the merged tree before it lands, such as the tests. A text runs in a shell, a list without one.'),
    target: text().exactOptional().describe('Branch that work units land on. Left out: the one checked out at start.'),
    on_ask: choice(['ask', 'serialize', 'parallel']).prefault('serialize').describe('What a possible conflict means until someone answers.'),
    phases: choices(['PLAN', 'IMPLEMENT', 'REVIEW']).exactOptional().describe('Phases of a unit before it merges. Left out: PLAN when the plan is empty, IMPLEMENT, REVIEW when its prompt exists.'),
    setup: command().exactOptional().describe('Command run in a fresh worktree.'),
    on_dirty_checkout: choice(['wait', 'land']).prefault('wait').describe('What a finished unit does while the target is checked out with uncommitted changes: wait until they are gone, or land and leave the checkout as it is. It is never touched.'),
    max_agents_of: z.record(z.string(), whole(1)).prefault({}).describe('Agents at work at the same time by name or kind, e.g. `{claude: 2}`: an account takes so many.'),
    min_free_memory: whole().exactOptional().describe('Fewer agents are started while less is free. Bytes.'),
  })
  .prefault({})
  .describe('Many agents at once, each in a worktree.');

const Subsystem = z.strictObject({
  globs: list().prefault([]).describe('Paths that belong to it.'),
  depends_on: list().prefault([]).describe('Subsystems that it builds on.'),
});

export const subsystems = z
  .record(z.string(), Subsystem)
  .prefault({})
  .describe('Parts of the code by name, as `{globs, depends_on}` or just a list of globs: work in one is taken to touch the others that depend on it.');

/** A section whose keys its own room knows. */
const open = () =>
  written(
    (raw, refuse): Readonly<Record<string, unknown>> =>
      typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? { ...raw } : refuse(`must be a mapping, not ${shown(raw)}`),
    { type: 'object' },
  ).prefault({});

export const governance = z
  .looseObject({ gate: command().exactOptional().describe('Command that must be green before a contract is eligible and after its job.') })
  .prefault({})
  .describe('Contracts, jobs and audit. Further keys are kept as they are.');

export const knowledge = open().describe('Sources that agents may search.');
export const sequences = z
  .looseObject({ plugins: list().prefault(['plugins/*', 'packages/*']).describe('Folders that are scanned for sequences.') })
  .prefault({})
  .describe('Sequences and their catalog. Further keys are kept as they are.');
export const notify = z
  .strictObject({
    desktop: yesNo().prefault(false).describe('By notify-send, where it is installed.'),
    webhook: text().exactOptional().describe('Address that gets a POST with `{title, items}` as JSON.'),
    command: command().exactOptional().describe('Command that finds ORCHESTRATOR_NOTIFY_TITLE, _TEXT and _JSON in its environment.'),
    min_interval: duration().prefault('30s').describe('At most one message in this time; what comes in between is told together.'),
  })
  .prefault({})
  .describe('How a person is told that a work unit needs them. Never with secrets.');
export const telemetry = open().describe('Traces and metrics; off until configured.');

/** A section of an earlier runner: taken in whatever form, warned about, never read. */
export const ignored = (what: string) => z.unknown().meta({ deprecated: true }).optional().describe(what);
