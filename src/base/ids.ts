import { randomBytes } from 'node:crypto';

/** Tells one attempt to hold something from every other. */
export const newNonce = (): string => randomBytes(12).toString('hex');

/**
 * A new identifier: prefix, UTC milliseconds in base 36 (so that names sort by age) and 50 random bits, lower case,
 * safe in file names and git refs. Example: `turn_mbx3k2r1_8f3k1z0qpw`.
 */
export function newId(prefix: 'run' | 'turn' | 'unit' | 'merge' | 'attention', at: Date): string {
  const random = BigInt(`0x${randomBytes(7).toString('hex')}`).toString(36).slice(-10).padStart(10, '0');
  return `${prefix}_${at.getTime().toString(36).padStart(9, '0')}_${random}`;
}
