import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ok } from '../../base/failure.ts';
import { isAncestor, resolveCommit } from '../../git/history.ts';
import { StatusOutput, localStatus, openLoop } from '../../loop/contract.ts';
import type { OpenLoop } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import { Claim } from '../claim.ts';
import { peek } from '../peek.ts';
import type { Peek } from '../peek.ts';

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
  output: StatusOutput.extend({
    claim: ShownClaim.nullable(),
    state_from: z.enum(['checkout', 'remote']).describe('`remote`: this checkout takes part in a hand-off and is behind; the state is the one on the remote branch.'),
  }),
  failures: ['config_invalid', 'not_a_repository', 'state_invalid'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http', 'mcp'],
  callers: ['operator', 'agent', 'system'],
  starts_work: false,
  async handler(context) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const there = await remoteSide(opened.value);
    const state_from = there?.ahead === true ? ('remote' as const) : ('checkout' as const);
    const status = await localStatus(opened.value, there !== null && state_from === 'remote' ? there.document : null);
    if (!status.ok) return status;
    return ok({ ...status.value, claim: there?.claim == null ? null : shown(there.claim), state_from });
  },
});

/** What the remote has; null where this checkout never took part in a hand-off, or the remote does not answer. `ahead`: this checkout is merely behind it. */
async function remoteSide({ repository, places, settings, loaded }: OpenLoop): Promise<(Peek & { readonly ahead: boolean }) | null> {
  if (!existsSync(join(places.control, 'owner'))) return null;
  const { git } = repository;
  const at = await git.attempt(['symbolic-ref', '--quiet', '--short', 'HEAD']);
  if (at.code !== 0) return null;
  const found = await peek(git, { remote: loaded.config.sync.remote, branch: at.stdout.trim(), state_file: settings.state_file, timeout_ms: PATIENCE });
  if (!found.ok) return null;
  return { ...found.value, ahead: (await resolveCommit(git, 'HEAD')) !== found.value.tip && (await isAncestor(git, 'HEAD', found.value.tip)) };
}

const shown = ({ claim, at }: NonNullable<Peek['claim']>): z.infer<typeof ShownClaim> => ({
  ...claim,
  renewed_at: at.toISOString(),
  lease_ends_at: new Date(at.getTime() + claim.lease_seconds * 1000).toISOString(),
});
