import type { Clock } from '../../base/clock.ts';
import type { Result } from '../../base/failure.ts';
import type { Resources } from '../../spine/resource.ts';
import type { Store } from '../../store/store.ts';
import type { DaemonLog } from './log.ts';

/** A part of the daemon that works for as long as it runs. */
export interface DaemonService {
  readonly name: string;
  /** A failure ends the daemon before it is reachable; it is asked to stop only if it started. */
  start(): Promise<Result<void>>;
  /** Ends its work in good order; the daemon waits for it. */
  stop(): Promise<void>;
}

/** What a daemon gives its services. */
export interface ServiceHost {
  /** Absolute. */
  readonly workspace: string;
  /** A configuration file that was named outright; null = the workspace's own. */
  readonly config_file: string | null;
  readonly store: Store;
  /** What services lend here, operations that run in the daemon find. */
  readonly resources: Resources;
  readonly log: DaemonLog;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Opens the services of a daemon: started in this order once the store is open, stopped in the reverse one. */
export type OpenServices = (host: ServiceHost) => Promise<readonly DaemonService[]>;
