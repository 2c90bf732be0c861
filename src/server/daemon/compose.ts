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
  let timer: NodeJS.Timeout | undefined;
  const backUp = async (): Promise<void> => {
    if ((await store.lastSeq()) > 0) await store.backup();
  };
  const again = (): void => void backUp().catch((error: unknown) => log.warn('the store could not be backed up', { error: String(error) }));
  // Before anything is changed, each hour, and when all is done: of a damaged store there is always an earlier one.
  const backups: DaemonService = {
    name: 'backups of the store',
    async start() {
      again();
      timer = setInterval(again, 3_600_000).unref();
      return ok(undefined);
    },
    async stop() {
      clearInterval(timer);
      await backUp();
    },
  };
  return [backups, service];
};
