import { join } from 'node:path';

/** What a daemon keeps in `.orchestrator` of its workspace. */
export interface DaemonPlaces {
  readonly folder: string;
  /** The secret that lets in. */
  readonly token: string;
  /** Who runs, and where it listens. */
  readonly record: string;
  readonly lock: string;
  readonly log: string;
  /** What a daemon that was started in the background wrote to stdout and stderr. */
  readonly output: string;
  readonly store: string;
}

export function daemonPlaces(workspace: string): DaemonPlaces {
  const folder = join(workspace, '.orchestrator');
  return {
    folder,
    token: join(folder, 'token'),
    record: join(folder, 'daemon.json'),
    lock: join(folder, 'daemon.lock'),
    log: join(folder, 'daemon.log'),
    output: join(folder, 'daemon.out'),
    store: join(folder, 'state.db'),
  };
}
