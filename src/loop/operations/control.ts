import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import { commitsTouching, fileAt } from '../../git/history.ts';
import { defineOperation } from '../../spine/operation.ts';
import { takeLock } from '../lock.ts';
import { readState, writeState } from '../stamp.ts';
import { OrchestrationState, parseState } from '../state.ts';
import { openLoop } from './open.ts';

const common = { transaction: 'none', cross_domain_deps: [], surfaces: ['cli', 'http'], callers: ['operator', 'system'], starts_work: false } as const;

export const stateShow = defineOperation({
  ...common,
  name: 'loop.state.show',
  summary: 'The state as it is read, defaults filled in',
  input: z.object({}),
  output: z.object({ file: z.string(), exists: z.boolean(), state: OrchestrationState, other_keys: z.record(z.string(), z.unknown()) }),
  failures: ['config_invalid', 'not_a_repository', 'state_invalid'],
  surfaces: ['cli', 'http', 'mcp'],
  callers: ['operator', 'agent', 'system'],
  async handler(context) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const { repository, settings } = opened.value;
    const read = readState(repository.root, settings.state_file);
    if (!read.ok) return read;
    const { state, raw, text } = read.value;
    const other_keys = Object.fromEntries(Object.entries(raw).filter(([key]) => !(key in OrchestrationState.shape)));
    return ok({ file: settings.state_file, exists: text !== null, state, other_keys });
  },
});

/** How far back the last good version is looked for. */
const RESTORE_DEPTH = 1000;

export const stateRestore = defineOperation({
  ...common,
  name: 'loop.state.restore',
  summary: 'Write the last good version of the state file, from git history',
  input: z.object({}),
  output: z.object({ file: z.string(), commit: z.string().nullable(), changed: z.boolean(), state: OrchestrationState }),
  failures: ['checkout_busy', 'config_invalid', 'not_a_repository', 'state_not_in_history'],
  async handler(context) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const { repository, settings, places } = opened.value;
    const file = settings.state_file;
    const lock = await takeLock(places.lock, 'state restore');
    if (!lock.ok) return lock;
    try {
      const now = readState(repository.root, file);
      if (now.ok && now.value.text !== null) return ok({ file, commit: null, changed: false, state: now.value.state });
      for (const commit of await commitsTouching(repository.git, file, RESTORE_DEPTH)) {
        const text = await fileAt(repository.git, commit, file);
        const parsed = text === null ? null : parseState(text, file);
        if (parsed === null || !parsed.ok) continue;
        writeState(repository.root, file, parsed.value, places.control);
        return ok({ file, commit, changed: true, state: parsed.value.state });
      }
      return fail({
        code: 'state_not_in_history',
        kind: 'not_found',
        message: `No good version of ${file} was found in the last ${RESTORE_DEPTH} commits that touched it.`,
        hint: `Move ${file} away to begin at iteration 1, or mend it by hand.`,
      });
    } finally {
      await lock.value.release();
    }
  },
});
