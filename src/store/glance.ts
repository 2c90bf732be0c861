import type { Result } from '../base/failure.ts';
import { glanceSqlite } from './sqlite/glance.ts';

/**
 * The `data` of live units, or of a page of all, newest first: for commands that have to start fast. Failures as of
 * `openStore` for reading.
 */
export function glanceUnits(file: string, page: { readonly limit: number; readonly offset: number } | null): Result<string[]> {
  return glanceSqlite(file, page);
}
