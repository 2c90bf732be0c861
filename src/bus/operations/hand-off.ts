import { z } from 'zod';
import { remoteUrl } from '../../git/remote.ts';
import { OrchestrationState, openLoop, stampByHand } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import { bringForward, openHandOff } from '../open-hand-off.ts';

export const turnStamp = defineOperation({
  name: 'loop.turn.stamp',
  summary: 'Stamp a turn by hand, without an agent',
  input: z.object({ actor: z.enum(['galph', 'ralph']), result: z.enum(['ok', 'fail']), push: z.boolean().default(true) }),
  output: z.object({ state: OrchestrationState, commit: z.string().nullable(), pushed: z.boolean() }),
  failures: ['branch_moved', 'checkout_busy', 'claim_held', 'config_invalid', 'in_the_way', 'not_your_turn', 'remote_unavailable', 'state_invalid', 'turn_in_flight', 'unpushed_commits', 'wrong_branch'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http'],
  callers: ['operator', 'system'],
  starts_work: false,
  async handler(context, input) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const loop = opened.value;
    const { config } = loop.loaded;
    const pushes = input.push && (await remoteUrl(loop.repository.git, config.sync.remote)) !== null;
    return await stampByHand(loop, {
      actor: input.actor,
      result: input.result,
      clock: context.clock,
      bringForward: pushes ? (branch) => bringForward({ ...loop, emit: context.emit }, branch) : null,
      handOff: pushes ? (branch, head) => openHandOff(config, loop.repository, loop.places, branch, head) : null,
    });
  },
});
