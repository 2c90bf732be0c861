import { fail, ok } from '../../base/failure.ts';
import { openPool } from '../../pool/pool.ts';
import type { Pool } from '../../pool/pool.ts';
import { POOL } from '../../pool/resource.ts';
import { liveUnits, summary } from '../../pool/unit-book.ts';
import { FEED, SNAPSHOT } from '../../spine/feed.ts';
import type { DaemonService, OpenServices } from './services.ts';

/** The services of the product's daemon. */
export const openServices: OpenServices = async ({ workspace, config_file, store, resources, log, environment, clock }) => {
  let pool: Pool | null = null;
  const service: DaemonService = {
    name: 'the pool',
    async start() {
      const feed = resources.find(FEED);
      const opened = await openPool({ workspace, config_file, store, log, environment, clock, broadcast: (frame) => feed?.broadcast({ ...frame, at: clock.now().toISOString() }) });
      if (!opened.ok) return fail(opened.failure);
      pool = opened.value;
      resources.lend(POOL, opened.value);
      resources.lend(SNAPSHOT, async (tx) => ({ units: (await liveUnits(tx)).map(summary) }));
      return ok(undefined);
    },
    stop: async () => await pool?.stop(),
  };
  return [service];
};
