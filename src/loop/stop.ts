import { mkdirSync, rmSync, watch } from 'node:fs';
import { z } from 'zod';
import type { Failure } from '../base/failure.ts';
import { replaceFile } from '../base/replace-file.ts';
import { readControlFile } from './control-file.ts';
import type { Places } from './places.ts';

/** A person's wish that the run of this checkout end: at the next turn's edge, or now. */
export const StopRequest = z.object({ at: z.string(), now: z.boolean(), reason: z.string().nullable() });
export type StopRequest = z.infer<typeof StopRequest>;

export function requestStop(places: Places, request: StopRequest): void {
  mkdirSync(places.control, { recursive: true });
  replaceFile(places.stop, `${JSON.stringify(request)}\n`);
}

export function readStop(places: Places): StopRequest | null {
  const read = readControlFile(places.stop, StopRequest);
  // A stop file that cannot be read is still somebody's wish to stop.
  return read.ok ? read.value : { at: '', now: false, reason: null };
}

/** What stood there already when a run starts does not end it. */
export function clearStop(places: Places): void {
  rmSync(places.stop, { force: true });
}

/** Aborts `controller` once a stop with `now` is asked for. Gives a function that ends the watch. */
export function watchStopNow(places: Places, controller: AbortController): () => void {
  const look = (): void => {
    const request = readStop(places);
    if (request?.now === true) controller.abort(stoppedNow(request.reason));
  };
  const watcher = watch(places.control, { persistent: false }, (_event, name) => {
    if (name === 'stop.json') look();
  });
  watcher.on('error', () => undefined);
  return () => watcher.close();
}

/** A wish to stop that came while nobody was at work: the turn ends at once, as if it had not begun. */
export const stopped = (reason: string | null): Failure => ({ ...stoppedNow(reason), message: `The turn was ended by orchestrator stop while it waited${reason === null ? '' : `: ${reason}`}. Its work is kept.` });

const stoppedNow = (reason: string | null): Failure => ({
  code: 'stopped_now',
  kind: 'interrupted',
  message: `The turn was ended by orchestrator stop --now${reason === null ? '' : `: ${reason}`}. Its work is kept.`,
});
