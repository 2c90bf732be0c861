import { isDeepStrictEqual } from 'node:util';
import { ON_LINUX } from '../process/proc.ts';
import { startWrapper } from '../process/wrapper.ts';
import type { Wrapper, WrapperPlace } from '../process/wrapper.ts';

/**
 * A wrapper for the next agent, started while the present one works, as starting it takes as long as a commit. It knows
 * everything but what to run, and is not used where its folder or environment turn out to be another agent's.
 */
export interface ReadyWrappers {
  /** The waiting wrapper, if it fits; one that does not is dismissed. */
  take(place: WrapperPlace): Wrapper | null;
  /** Starts one for the agent that comes next, which is the one before the last: agents take turns. */
  prepare(): void;
  close(): void;
}

export function createReadyWrappers(): ReadyWrappers {
  const used: WrapperPlace[] = [];
  let waiting: { readonly place: WrapperPlace; readonly wrapper: Wrapper; alive: boolean } | null = null;
  const dismiss = (): void => {
    waiting?.wrapper.dismiss();
    waiting = null;
  };
  return {
    take(place) {
      used.push(place);
      if (used.length > 2) used.shift();
      if (waiting?.alive === true && isDeepStrictEqual(waiting.place, place)) {
        const { wrapper } = waiting;
        waiting = null;
        return wrapper;
      }
      dismiss();
      return null;
    },
    prepare() {
      const [place] = used;
      // Elsewhere than on Linux a wrapper is told by the attempt's folder in its arguments, which is not known yet.
      if (place === undefined || waiting !== null || !ON_LINUX) return;
      const started = { place, wrapper: startWrapper(place, 'ready'), alive: true };
      const gone = (): void => void (started.alive = false);
      started.wrapper.closed.then(gone, gone);
      waiting = started;
    },
    close: dismiss,
  };
}
