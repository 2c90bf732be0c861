/**
 * How often a shared place really became a conflict when the two changes were merged. To be set from the bench.
 */
export const CONFLICT_RATE = {
  symbol: 0.6,
  top: 0.4,
  file: 0.5,
  apart: 0.1,
  glob: 0.1,
  subsystem: 0.2,
  merge: 0.97,
  after_clean_merge: 0.3,
} as const;
