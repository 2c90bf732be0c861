import type { ReadTransaction } from '../store/store.ts';
import { defineResource } from './resource.ts';

/** Something that is told as it happens and kept nowhere: a line of a running agent. */
export interface LiveFrame {
  readonly type: 'unit.output';
  /** UTC with milliseconds. */
  readonly at: string;
  /** Name of the chunk. */
  readonly unit: string;
  readonly data: unknown;
}

/** Tells whoever is connected to the daemon. Stored events reach them by themselves. */
export interface Feed {
  /** To those that follow this unit. Costs next to nothing where nobody does. */
  broadcast(frame: LiveFrame): void;
}

export const FEED = defineResource<Feed>('feed');

/** What a new connection is shown before the events that follow it. */
export type Snapshot = (tx: ReadTransaction) => Promise<unknown>;

/** Lent by whoever knows what there is to show; without it a snapshot has no units. */
export const SNAPSHOT = defineResource<Snapshot>('snapshot');
