import { setTimeout as wait } from 'node:timers/promises';
import type { Result } from '../base/failure.ts';
import { dispatchFor } from './invoke.ts';
import type { GlobalOptions } from './invoke.ts';

/** Dispatches a reading operation again and again until the process is told to end; exit code 0 then. */
export async function observe(options: GlobalOptions, operation: string, input: unknown, everyMs: number, show: (result: Result<unknown>) => void): Promise<void> {
  const ended = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => ended.abort());
  while (!ended.signal.aborted) {
    show(await dispatchFor(options, operation, input, ended.signal, () => undefined));
    await wait(everyMs, undefined, { signal: ended.signal }).catch(() => undefined);
  }
}
