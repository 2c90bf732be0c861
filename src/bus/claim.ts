import { z } from 'zod';

/** Where the claim of a branch's turn lives on the remote. It never touches the branch's history. */
export const turnRef = (branch: string): string => `refs/orchestrator/turn/${branch}`;

/** Where a person's wish that all runs of a branch end is left for other machines. */
export const controlRef = (branch: string): string => `refs/orchestrator/control/${branch}`;

/** `claim.json` in the turn ref's commit. */
export const Claim = z.object({
  /** Stable id of a checkout. */
  owner: z.string(),
  host: z.string(),
  pid: z.number().int(),
  actor: z.enum(['galph', 'ralph']),
  iteration: z.number().int(),
  turn_id: z.string(),
  attempt: z.number().int(),
  /** Tells this claim from every other, across renewals. */
  nonce: z.string(),
  /** Counts up, so that every push makes a new commit. */
  renewal: z.number().int(),
  lease_seconds: z.number().positive().finite(),
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

/** Whether a claim keeps `owner` from taking the turn. A checkout's own claim never does: its lock tells that the process is gone. */
export const heldByOther = (claim: Claim, owner: string): boolean => claim.phase === 'held' && claim.owner !== owner;
