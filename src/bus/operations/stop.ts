import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import { readStatus } from '../../git/status.ts';
import { isHolderAlive, openLoop, readHolder, requestStop } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import { stopEverywhere } from '../control.ts';

export const runStop = defineOperation({
  name: 'loop.run.stop',
  summary: 'Ask the run of this checkout to end at the next turn, or now; with remote, every run of the branch at its next turn',
  input: z.object({ now: z.boolean().default(false), remote: z.boolean().default(false), reason: z.string().max(2000).optional() }),
  output: z.object({ requested: z.boolean(), now: z.boolean(), remote: z.boolean(), runner: z.object({ pid: z.number().int(), since: z.string() }).nullable() }),
  failures: ['config_invalid', 'detached_head', 'not_a_repository', 'remote_not_able', 'remote_unavailable'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http'],
  callers: ['operator', 'system'],
  starts_work: false,
  async handler(context, input) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const { places, repository, loaded } = opened.value;
    const reason = input.reason ?? null;
    if (input.remote) {
      const branch = loaded.config.sync.branch ?? (await readStatus(repository.git, { passive: true, tracked_only: true })).branch;
      if (branch === null) return fail({ code: 'detached_head', kind: 'precondition', message: 'HEAD is detached, so that nobody knows which branch is meant.', hint: 'git switch <branch>, or set sync.branch.' });
      const asked = await stopEverywhere(repository.git, loaded.config.sync.remote, branch, { at: context.timestamp, reason });
      if (!asked.ok) return asked;
    }
    const holder = await readHolder(places.lock);
    const alive = holder !== null && isHolderAlive(holder);
    if (alive) requestStop(places, { at: context.timestamp, now: input.now, reason });
    return ok({ requested: alive || input.remote, now: input.now, remote: input.remote, runner: alive ? { pid: holder.pid, since: holder.at } : null });
  },
});
