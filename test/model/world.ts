import { decide, stillMine, watched } from '../../src/bus/decide.ts';
import type { RemoteLook, Watched } from '../../src/bus/decide.ts';
import type { Claim } from '../../src/bus/claim.ts';
import { freshState } from '../../src/loop/state.ts';
import type { Actor, OrchestrationState } from '../../src/loop/state.ts';
import { advance } from '../../src/loop/transition.ts';

/**
 * The hand-off over a remote in memory: real decisions (`decide`, `watched`, `stillMine`) and real stamps (`advance`), with
 * git's pushes as compare-and-swaps. Everything is data, so that every order of steps can be tried.
 */

/** What a mutant leaves out, to show that the exploration would notice. */
export interface Rules {
  readonly lease: boolean;
  readonly fence: boolean;
  readonly atomic: boolean;
}

export interface Remote {
  /** The branch is told by how many commits it has; each push of a person or a turn adds one. */
  tip: number;
  iteration: number;
  expected: Actor;
  claim: { id: number; nonce: number; owner: string; actor: Actor; iteration: number; phase: Claim['phase']; attempt: number } | null;
  ids: number;
  /** True time of the claim's last change. */
  claim_at: number;
}

export interface Runner {
  readonly owner: string;
  readonly role: Actor;
  /** How fast its clock runs, at most as fast as the true one. */
  readonly rate: number;
  step: 'idle' | 'claiming' | 'won' | 'working' | 'done' | 'dead';
  linked: boolean;
  clock: number;
  seen: { claim: Watched; tip: Watched } | null;
  /** The turn in hand. `id`: the last value of the turn ref that it knows to be its own. */
  turn: { iteration: number; nonce: number; base: number; expect: number; id: number; attempt: number; journalled: boolean } | null;
  /** A push had no answer: what the remote has decides. */
  unsure: boolean;
}

export interface World {
  now: number;
  remote: Remote;
  runners: Runner[];
  /** Faults that may still happen: keeps the exploration finite. */
  faults: number;
  handOffs: { iteration: number; actor: Actor; nonce: number }[];
  /** Nonces whose work was kept aside. */
  rescued: number[];
  finished: number[];
  broken: string | null;
}

/** Time units. A runner looks at least once a unit unless it is frozen. */
export const LEASE = 2;
const POLL = 1;

export function newWorld(roles: readonly { readonly role: Actor; readonly rate: number }[], faults: number): World {
  return {
    now: 0,
    remote: { tip: 1, iteration: 1, expected: 'galph', claim: null, ids: 0, claim_at: 0 },
    runners: roles.map(({ role, rate }, index) => ({ owner: `m${index}`, role, rate, step: 'idle', linked: true, clock: 0, seen: null, turn: null, unsure: false })),
    faults,
    handOffs: [],
    rescued: [],
    finished: [],
    broken: null,
  };
}

const stateOf = ({ iteration, expected }: Remote): OrchestrationState => ({ ...freshState().state, iteration, expected_actor: expected });

const claimOf = ({ claim }: Remote): Claim | null =>
  claim === null ? null : { owner: claim.owner, host: 'h', pid: 1, actor: claim.actor, iteration: claim.iteration, turn_id: 't', attempt: claim.attempt, nonce: String(claim.nonce), renewal: claim.id, lease_seconds: LEASE / 1000, phase: claim.phase, base: '' };

const lookAt = (remote: Remote): RemoteLook => ({ tip: String(remote.tip), state: stateOf(remote), state_text: null, claim_id: remote.claim === null ? '' : String(remote.claim.id), claim: claimOf(remote), control_id: '' });

/** One runner looks, and goes on to claim where it may. */
export function look(world: World, runner: Runner, rules: Rules): void {
  const there = lookAt(world.remote);
  const at = runner.clock;
  runner.seen = {
    claim: watched(runner.seen?.claim ?? null, there.claim_id, at, 2 * POLL),
    tip: watched(runner.seen?.tip ?? null, there.tip, at, 2 * POLL),
  };
  const seen = rules.lease ? runner.seen : { ...runner.seen, claim: { ...runner.seen.claim, unchanged_ms: Infinity } };
  const decision = decide(there, { role: runner.role, isMine: (claim) => claim.owner === runner.owner, lease_ms: LEASE, wait_through_failures: false }, { state_text: null, control_id: '' }, seen);
  if (decision.act !== 'claim') return;
  runner.step = 'claiming';
  runner.turn = { iteration: world.remote.iteration, nonce: ++world.remote.ids, base: world.remote.tip, expect: world.remote.claim?.id ?? 0, id: 0, attempt: decision.attempt, journalled: true };
}

/** The push of a claim. Gives whether the remote took it. */
export function pushClaim(world: World, runner: Runner): boolean {
  const { remote } = world;
  const turn = runner.turn;
  if (turn === null || (remote.claim?.id ?? 0) !== turn.expect) return false;
  const before = remote.claim;
  if (before !== null && before.phase === 'held' && before.owner !== runner.owner && world.now - remote.claim_at <= LEASE) {
    world.broken ??= `${runner.owner} took a claim of ${before.owner} that had shown a sign of life ${world.now - remote.claim_at} ago`;
  }
  turn.id = ++remote.ids;
  remote.claim = { id: turn.id, nonce: turn.nonce, owner: runner.owner, actor: runner.role, iteration: turn.iteration, phase: 'held', attempt: turn.attempt };
  remote.claim_at = world.now;
  return true;
}

export function pushRenewal(world: World, runner: Runner): boolean {
  const { remote } = world;
  if (runner.turn === null || remote.claim === null || remote.claim.id !== runner.turn.id) return false;
  remote.claim = { ...remote.claim, id: ++remote.ids };
  runner.turn.id = remote.claim.id;
  remote.claim_at = world.now;
  return true;
}

/** The push of a finished turn: the branch and the claim's end. `restacked`: the work was brought onto the present tip. */
export function pushTurn(world: World, runner: Runner, rules: Rules): boolean {
  const { remote } = world;
  const turn = runner.turn;
  if (turn === null) return false;
  const fenced = remote.claim !== null && remote.claim.id === turn.id && remote.claim.nonce === turn.nonce;
  if (!fenced && rules.fence && rules.atomic) return false;
  if (!stillMine(stateOf(remote), { actor: runner.role, iteration: turn.iteration })) return false;
  if (remote.claim !== null && remote.claim.nonce !== turn.nonce) world.broken ??= `${runner.owner} handed off a turn whose lease it had lost`;
  accept(world, runner, turn);
  if (fenced && remote.claim !== null) {
    remote.claim = { ...remote.claim, id: ++remote.ids, phase: 'released' };
    remote.claim_at = world.now;
  }
  return true;
}

function accept(world: World, runner: Runner, turn: NonNullable<Runner['turn']>): void {
  const { remote, handOffs } = world;
  if (handOffs.some((each) => each.iteration === turn.iteration && each.actor === runner.role)) world.broken ??= `two hand-offs of ${runner.role}'s turn ${turn.iteration}`;
  const last = handOffs.at(-1);
  if (last !== undefined && last.actor === runner.role) world.broken ??= `${runner.role} handed off twice in a row`;
  handOffs.push({ iteration: turn.iteration, actor: runner.role, nonce: turn.nonce });
  const facts = { actor: runner.role, prompt: 'p', review: false, review_placement: 'replace', run_id: 'r', turn_id: 't', attempt: 1, commit: 'c', progressed: true, no_progress_limit: 0, log: null, exit_code: 0, at: new Date(0) } as const;
  const { state } = advance(stateOf(remote), facts, { kind: 'ok', summary: null, next_prompt: null });
  if (state.iteration < remote.iteration) world.broken ??= 'the iteration went back';
  remote.iteration = state.iteration;
  remote.expected = state.expected_actor;
  remote.tip++;
}

/** After a push without an answer: a claim with my nonce is mine, my own release means it arrived, anything else is lost. */
export function settle(world: World, runner: Runner): 'mine' | 'released' | 'lost' {
  const { claim } = world.remote;
  if (runner.turn === null || claim === null || claim.nonce !== runner.turn.nonce) return 'lost';
  if (claim.phase !== 'held') return 'released';
  runner.turn.id = claim.id;
  return 'mine';
}

