import type { Generated } from 'kysely';

/** The tables as queries see them. Times are UTC in ISO 8601; `data` is JSON; a row's `version` is what compare-and-swap compares. */
export interface Tables {
  units: UnitsTable;
  pairs: PairsTable;
  merges: MergesTable;
  attempts: AttemptsTable;
  events: EventsTable;
  settings: SettingsTable;
}

/** Work units. At most one of a chunk is `live` (1 or 0). */
export interface UnitsTable {
  id: string;
  chunk: string;
  status: string;
  phase: string | null;
  priority: number;
  live: number;
  version: number;
  created_at: string;
  updated_at: string;
  data: string;
}

/** What is known of two units together; `a` sorts before `b`. */
export interface PairsTable {
  a: string;
  b: string;
  version: number;
  data: string;
}

/** Merges on their way into a target branch. */
export interface MergesTable {
  id: string;
  unit: string;
  target: string;
  state: string;
  version: number;
  created_at: string;
  updated_at: string;
  data: string;
}

/** One start of a unit's agent each. */
export interface AttemptsTable {
  id: string;
  unit: string;
  version: number;
  started_at: string;
  ended_at: string | null;
  data: string;
}

/** The log of everything that changed. Written by `append` alone, which gives the numbers. */
export interface EventsTable {
  seq: Generated<number>;
  at: string;
  type: string;
  unit: string | null;
  data: string;
}

export interface SettingsTable {
  key: string;
  value: string;
}
