import { hostname } from 'node:os';
import { z } from 'zod';

/** Where the claim of a branch's turn lives on the remote. It never touches the branch's history. */
export const turnRef = (branch: string): string => `refs/orchestrator/turn/${branch}`;

/** Where a person's wish that all runs of a branch end is left for other machines. */
export const controlRef = (branch: string): string => `refs/orchestrator/control/${branch}`;

/** Seconds. */
const LONGEST_LEASE = 24 * 60 * 60;
/** Far more than there can be, and far from where counting on goes wrong. */
const Count = z.number().int().min(0).max(1e12);

/** `claim.json` in the turn ref's commit. */
export const Claim = z.object({
  /** Stable id of a checkout. */
  owner: z.string(),
  host: z.string(),
  pid: z.number().int(),
  actor: z.enum(['galph', 'ralph']),
  iteration: Count,
  turn_id: z.string(),
  attempt: Count,
  /** Tells this claim from every other, across renewals. */
  nonce: z.string(),
  /** Counts up, so that every push makes a new commit. */
  renewal: Count,
  /** A lease is what its holder says, within reason: rubbish must not hold a turn for ever. */
  lease_seconds: z.number().positive().transform((seconds) => Math.min(seconds, LONGEST_LEASE)),
  phase: z.enum(['held', 'released', 'failed', 'stopped']),
  /** Branch tip that the turn began at. */
  base: z.string(),
});
export type Claim = z.infer<typeof Claim>;

/** The claim in a text, or null: rubbish in the ref claims nothing. */
export function parseClaim(text: string): Claim | null {
  try {
    const parsed = Claim.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * Whether a claim is this checkout's: the one in hand (by its nonce), or one that was left by a process which is gone. A copy of the
 * checkout has the same owner, but is a live process or on another host.
 */
export const isOwnClaim = (claim: Claim, owner: string, nonce: string | null): boolean =>
  claim.nonce === nonce || (claim.owner === owner && claim.host === hostname() && (claim.pid === process.pid || !isAlive(claim.pid)));

function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
