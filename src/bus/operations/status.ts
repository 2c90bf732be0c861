import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ok } from '../../base/failure.ts';
import { fileAt } from '../../git/history.ts';
import { listRemote } from '../../git/push.ts';
import { StatusOutput, localStatus, openLoop } from '../../loop/contract.ts';
import type { OpenLoop } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import { Claim, parseClaim, turnRef } from '../claim.ts';

/** A person waits for the answer: a remote that takes longer is not asked to the end. Milliseconds. */
const PATIENCE = 3000;

export const ShownClaim = Claim.extend({
  /** UTC of the claim's last sign of life, by the clock of the machine that made it. */
  renewed_at: z.string(),
  /** When the lease ends without another sign of life, by the same clock. */
  lease_ends_at: z.string(),
});

export const statusShow = defineOperation({
  name: 'loop.status.show',
  summary: 'Where things stand: state, turn in flight, who holds the turn, what comes next',
  input: z.object({}),
  output: StatusOutput.extend({ claim: ShownClaim.nullable() }),
  failures: ['config_invalid', 'not_a_repository', 'state_invalid'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http', 'mcp'],
  callers: ['operator', 'agent', 'system'],
  starts_work: false,
  async handler(context) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const status = await localStatus(opened.value);
    if (!status.ok) return status;
    return ok({ ...status.value, claim: status.value.branch === null ? null : await claimOf(opened.value, status.value.branch) });
  },
});

/** The claim as the remote has it; null where this checkout never took part in a hand-off, or the remote does not answer. */
async function claimOf({ repository: { git }, places, loaded }: OpenLoop, branch: string): Promise<z.infer<typeof ShownClaim> | null> {
  if (!existsSync(join(places.control, 'owner'))) return null;
  const { remote } = loaded.config.sync;
  const ref = turnRef(branch);
  const listed = await listRemote(git, remote, [ref], { timeout_ms: PATIENCE });
  const id = 'refs' in listed ? listed.refs.get(ref) : undefined;
  if (id === undefined) return null;
  if ((await fileAt(git, id, 'claim.json')) === null) await git.attempt(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', remote, ref], { timeout_ms: PATIENCE });
  const claim = parseClaim((await fileAt(git, id, 'claim.json')) ?? '');
  if (claim === null) return null;
  const at = Number((await git.run(['log', '-1', '--format=%ct', id])).trim()) * 1000;
  return { ...claim, renewed_at: new Date(at).toISOString(), lease_ends_at: new Date(at + claim.lease_seconds * 1000).toISOString() };
}
