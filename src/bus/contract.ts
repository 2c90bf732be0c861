/** What other rooms may know of the hand-off. */
export { runStart } from './operations/run.ts';
