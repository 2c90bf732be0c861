import { isDeepStrictEqual } from 'node:util';
import { ON_LINUX } from '../process/proc.ts';
import { startReusableWrapper } from '../process/reusable-wrapper.ts';
import type { ReusableWrapper } from '../process/reusable-wrapper.ts';
import type { Wrapper, WrapperPlace } from '../process/wrapper.ts';

/**
 * Wrappers that wait for the next agents of a run: one for each of the two folders and environments that were last used, as two
 * agents take turns. They are started while an agent works, when nobody waits for them.
 */
export interface ReadyWrappers {
  /** One that waits in just this place; null where there is none. */
  take(place: WrapperPlace): Wrapper | null;
  /** Sees to it that the agents of the last two places find one when they come again. */
  prepare(): void;
  close(): void;
}

const KEPT = 2;

export function createReadyWrappers(): ReadyWrappers {
  /** The last ones used, the latest first. */
  let places: readonly WrapperPlace[] = [];
  let kept: readonly { readonly place: WrapperPlace; readonly wrapper: ReusableWrapper }[] = [];
  /** Where there are no named pipes it is not tried at every turn. */
  let possible = ON_LINUX;
  const keptIn = (place: WrapperPlace): ReusableWrapper | undefined => kept.find((each) => isDeepStrictEqual(each.place, place))?.wrapper;
  return {
    take(place) {
      places = [place, ...places.filter((each) => !isDeepStrictEqual(each, place))].slice(0, KEPT);
      const wrapper = keptIn(place);
      if (wrapper?.state !== 'idle') return null;
      try {
        return wrapper.take();
      } catch {
        // Too many files are open, for one; a wrapper of its own may still be had.
        wrapper.dismiss();
        return null;
      }
    },
    prepare() {
      possible &&= kept.every(({ wrapper }) => wrapper.state !== 'impossible');
      const left = kept.filter(({ place }) => !places.some((each) => isDeepStrictEqual(each, place)));
      for (const { wrapper } of left) wrapper.dismiss();
      kept = kept.filter((each) => !left.includes(each) && each.wrapper.state !== 'gone');
      for (const place of places) {
        if (!possible || keptIn(place) !== undefined) continue;
        try {
          kept = [...kept, { place, wrapper: startReusableWrapper(place) }];
        } catch {
          possible = false;
        }
      }
    },
    close() {
      for (const { wrapper } of kept) wrapper.dismiss();
      kept = [];
    },
  };
}
