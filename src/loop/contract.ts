/** What other rooms may know of the loop: its state file, its places, its records. */
export { formatState, freshState, parseState } from './state.ts';
export type { OrchestrationState } from './state.ts';
export { placesOf } from './places.ts';
export type { Places } from './places.ts';
export { isHolderAlive, readHolder, takeLock } from './lock.ts';
export { readJournal } from './journal.ts';
export { makeUntrackedFolder } from './record.ts';
export type { TurnRecord } from './record.ts';
export type { LoopEvent, RunResult } from './event.ts';
export { runStart } from './operations/run.ts';
export { stateShow } from './operations/control.ts';
