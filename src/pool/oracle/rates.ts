/**
 * How often what two changes shared became a conflict, of 1,493 pairs of real changes in 30 public projects (`npm run
 * bench:oracle` prints the table). A place counts by itself; two of them are two chances, so a pair that shares more is
 * surer. The bench scores the confidences on the very pairs that they come from.
 */
export const CONFLICT_RATE = {
  /** One symbol of a file, or the text outside of all (52 % by itself). */
  symbol: 0.48,
  symbols: 0.65,
  /** A file, all taken together; 44 % where its language has no symbols. */
  file: 0.36,
  /** A file, in different symbols; 8 of 345. */
  apart: 0.02,
  /** A folder. */
  glob: 0.14,
  /** The same part of the code, taken as the first two folders. Git's conflicts alone: what else may break is not measured. */
  subsystem: 0.17,
  /** A conflict that is there. Not measured: it goes only if one of the two takes its change back. */
  merge: 0.97,
  /** Of a chance, what is left of it once git merges cleanly what half-grown branches have changed there: 20 % against 45 %. */
  after_clean_merge: 0.44,
} as const;
