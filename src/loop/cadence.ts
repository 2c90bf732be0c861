import type { OrchestrationState } from './state.ts';

/** When a reviewer looks in. */
export interface Cadence {
  /** Every n-th iteration; 0 = never. */
  readonly review_every_n: number;
  readonly review_placement: 'replace' | 'before';
}

/**
 * Whether the coming turn is the reviewer's: galph's place in every n-th iteration, once an iteration. A failed review
 * leaves `last_review_iteration` alone, so that it comes again; a later failure of the same iteration does not bring it back.
 */
export function reviewDue(state: OrchestrationState, cadence: Cadence): boolean {
  return (
    cadence.review_every_n > 0 &&
    state.expected_actor === 'galph' &&
    state.iteration % cadence.review_every_n === 0 &&
    state.last_review_iteration !== state.iteration
  );
}
