import { existsSync, mkdirSync, statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';

/** What ends a wait before its time: a change in a remote that is a folder here, a doorbell, a wish to stop. */
export interface Wake {
  /** Whether changes of the remote are seen by themselves, so that polling is only a safety net. */
  readonly watches: boolean;
  /** Resolves at the next ring, after `ms`, or at the abort. A ring that came since the last wait counts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  ring(): void;
  close(): void;
}

/** The longest pause between two tries to reach a remote. Milliseconds. */
const LONGEST_PAUSE = 15_000;

/** How long to wait after so many tries in vain: ever longer, and never all runners at once. Milliseconds. */
export const backOff = (poll_ms: number, tries: number): number => Math.min(poll_ms * 2 ** Math.min(tries, 6), LONGEST_PAUSE) * (0.5 + Math.random() / 2);

/** `bare`: the git folder of a remote on this machine, or null; `folders`: further ones to watch. */
export function openWake(bare: string | null, refs: readonly string[], folders: readonly string[]): Wake {
  let rung = false;
  let wakeUp = (): void => undefined;
  const ring = (): void => {
    rung = true;
    wakeUp();
  };
  const watchers: FSWatcher[] = [];
  const watchFolder = (folder: string): boolean => {
    try {
      // Git writes a lock beside a ref first; the ref itself comes a moment later.
      const watcher = watch(folder, { persistent: false }, (_event, name) => void (name?.endsWith('.lock') === true || ring()));
      watcher.on('error', () => undefined);
      watchers.push(watcher);
      return true;
    } catch {
      return false;
    }
  };
  const watches = bare !== null && watchRefs(bare, refs, watchFolder);
  folders.forEach(watchFolder);
  return {
    watches,
    ring,
    async wait(ms, signal) {
      if (!rung && !signal.aborted) {
        const ended = new AbortController();
        wakeUp = () => ended.abort();
        await delay(ms, undefined, { signal: AbortSignal.any([signal, ended.signal]) }).catch(() => undefined);
        wakeUp = () => undefined;
      }
      rung = false;
    },
    close: () => watchers.forEach((watcher) => watcher.close()),
  };
}

/** The git folder of a remote that is a folder on this machine, or null. */
export function localRemote(url: string, base: string): string | null {
  let path: string;
  try {
    path = url.startsWith('file://') ? fileURLToPath(url) : url;
  } catch {
    return null;
  }
  // `host:path` is ssh's; a path has its first slash before any colon.
  if (!url.startsWith('file://') && /^[^/]*:/.test(url)) return null;
  const folder = path.startsWith('/') ? path : join(base, path);
  const found = [folder, join(folder, '.git'), `${folder}.git`].find((each) => existsSync(join(each, 'refs')));
  return found !== undefined && statSync(found).isDirectory() ? found : null;
}

/** Watches the folders that hold these refs; made where they are missing, as git would make them at the first push. */
function watchRefs(bare: string, refs: readonly string[], watchFolder: (folder: string) => boolean): boolean {
  const folders = new Set(refs.map((ref) => dirname(join(bare, ref))));
  return [...folders].every((folder) => {
    try {
      mkdirSync(folder, { recursive: true });
    } catch {
      return false;
    }
    return watchFolder(folder);
  });
}
