/** What other rooms may know of the loop: its state file, its places, its records. */
export { formatState, freshState } from './state.ts';
export { placesOf } from './places.ts';
export type { Places } from './places.ts';
export { indexLock } from './guards.ts';
export { isHolderAlive, readHolder } from './lock.ts';
export { readJournal } from './journal.ts';
export { readRecords, recordsFile } from './record.ts';
export type { ClaimedTurn, HandOff } from './hand-off.ts';
export { loopSettings } from './settings.ts';
export { startRun } from './start-run.ts';
export { openLoop, openWorkspace } from './operations/open.ts';
export { stateShow } from './operations/control.ts';
export { RoutingInput, agentFlagsOf, given, routingFlags, unknownNames } from './operations/routing-input.ts';
export { stampByHand } from './stamp-by-hand.ts';
export { OrchestrationState } from './state.ts';
