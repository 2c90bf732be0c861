import { look, pushClaim, pushRenewal, pushTurn, settle } from './world.ts';
import type { Rules, Runner, World } from './world.ts';

/** Every step that may come next, each as a name and the world after it. */
export function stepsOf(world: World, rules: Rules): [name: string, next: World][] {
  const found: [string, World][] = [];
  const step = (name: string, act: (next: World) => void): void => {
    const next = structuredClone(world);
    act(next);
    checkWork(next);
    found.push([name, next]);
  };
  step('time', tick);
  world.runners.forEach((runner, index) => {
    const on = (act: (next: World, self: Runner) => void) => (next: World) => act(next, next.runners[index] as Runner);
    const who = runner.owner;
    if (runner.step === 'dead') step(`${who} starts again`, on(restart));
    else if (runner.linked) for (const [name, act] of actions(runner, rules)) step(`${who} ${name}`, on(act));
    if (runner.step === 'working') step(`${who}'s agent ends`, on(agentEnds));
    if (world.faults > 0 && runner.step !== 'dead') {
      step(`${who} dies`, on((next, self) => {
        next.faults--;
        die(next, self);
      }));
      step(`${who}'s link ${runner.linked ? 'breaks' : 'heals'}`, on((next, self) => {
        if (self.linked) next.faults--;
        self.linked = !self.linked;
      }));
      if (runner.linked && runner.step === 'claiming') step(`${who} claims, the reply is lost`, on((next, self) => {
        next.faults--;
        pushClaim(next, self);
        self.unsure = true;
      }));
      if (runner.linked && runner.step === 'done') step(`${who} hands off, the reply is lost`, on((next, self) => {
        next.faults--;
        pushTurn(next, self, rules);
        self.unsure = true;
      }));
    } else if (!runner.linked) step(`${who}'s link heals`, on((_next, self) => void (self.linked = true)));
  });
  if (world.faults > 0) step('a person pushes', (next) => {
    next.faults--;
    next.remote.tip++;
  });
  return found;
}

/** What a runner with a link may do, by where it stands. */
function actions(runner: Runner, rules: Rules): [string, (next: World, self: Runner) => void][] {
  if (runner.unsure) return [['asks what became of its push', resolve]];
  switch (runner.step) {
    case 'idle':
      return [['looks', (next, self) => look(next, self, rules)]];
    case 'claiming':
      return [['claims', (next, self) => (pushClaim(next, self) ? void (self.step = 'won') : drop(self))]];
    case 'won':
      return [['looks once more and begins', begin]];
    case 'working':
      return [['renews', (next, self) => void (pushRenewal(next, self) || lose(next, self))]];
    case 'done':
      return [['renews', (next, self) => void (pushRenewal(next, self) || lose(next, self))], ['hands off', (next, self) => (pushTurn(next, self, rules) ? drop(self) : fallBack(next, self))]];
    default:
      return [];
  }
}

function tick(world: World): void {
  world.now++;
  for (const runner of world.runners) runner.clock += runner.rate;
}

function drop(runner: Runner): void {
  runner.step = 'idle';
  runner.turn = null;
  runner.unsure = false;
}

/** The tip and the turn must still be those that were claimed. */
function begin(world: World, runner: Runner): void {
  const { remote } = world;
  if (runner.turn === null) return drop(runner);
  if (remote.expected === runner.role && remote.iteration === runner.turn.iteration && remote.tip === runner.turn.base) runner.step = 'working';
  else {
    if (remote.claim?.id === runner.turn.id) remote.claim = { ...remote.claim, id: ++remote.ids, phase: 'released' };
    drop(runner);
  }
}

function agentEnds(world: World, runner: Runner): void {
  if (runner.turn !== null) world.finished.push(runner.turn.nonce);
  runner.step = 'done';
}

function lose(world: World, runner: Runner): void {
  if (runner.turn !== null && runner.step === 'done') world.rescued.push(runner.turn.nonce);
  drop(runner);
}

function fallBack(world: World, runner: Runner): void {
  if (settle(world, runner) === 'lost') lose(world, runner);
  else if (world.remote.expected !== runner.role || world.remote.iteration !== runner.turn?.iteration) lose(world, runner);
}

function resolve(world: World, runner: Runner): void {
  runner.unsure = false;
  const found = settle(world, runner);
  if (runner.step === 'claiming') return found === 'mine' ? void (runner.step = 'won') : drop(runner);
  if (found === 'released') return drop(runner);
  if (found === 'lost') lose(world, runner);
}

/** Only the journal survives: that the agent had finished, and the nonce of the claim. */
function die(_world: World, runner: Runner): void {
  if (runner.step !== 'done') runner.turn = null;
  runner.step = 'dead';
  runner.seen = null;
  runner.unsure = false;
}

function restart(world: World, runner: Runner): void {
  if (runner.turn === null) return drop(runner);
  const found = settle(world, runner);
  if (found === 'mine') runner.step = 'done';
  else if (found === 'released') drop(runner);
  else {
    runner.step = 'done';
    lose(world, runner);
  }
}

/** A finished agent's work is in hand, in a journal, on the branch, or kept aside. */
function checkWork(world: World): void {
  for (const nonce of world.finished) {
    const there = world.rescued.includes(nonce) || world.handOffs.some((each) => each.nonce === nonce) || world.runners.some((runner) => runner.turn?.nonce === nonce);
    if (!there) world.broken ??= `the work of claim ${nonce} is nowhere`;
  }
}

export interface Explored {
  readonly states: number;
  readonly depth: number;
  /** The shortest way to a broken promise; null when there is none. */
  readonly broken: { readonly why: string; readonly way: readonly string[] } | null;
}

/** Breadth first, every order of steps, up to `depth`. */
export function explore(start: World, rules: Rules, depth: number, onState?: (world: World, way: readonly string[]) => string | null): Explored {
  let front: { world: World; way: readonly string[] }[] = [{ world: start, way: [] }];
  const seen = new Set<string>([keyOf(start)]);
  for (let level = 0; level < depth; level++) {
    const next: typeof front = [];
    for (const { world, way } of front) {
      for (const [name, after] of stepsOf(world, rules)) {
        const key = keyOf(after);
        if (seen.has(key)) continue;
        seen.add(key);
        const to = [...way, name];
        const why = after.broken ?? onState?.(after, to) ?? null;
        if (why !== null) return { states: seen.size, depth: level + 1, broken: { why, way: to } };
        next.push({ world: after, way: to });
      }
    }
    front = next;
  }
  return { states: seen.size, depth, broken: null };
}

/** Two worlds that differ only in how large their numbers are behave alike: ids by rank, times by age. */
function keyOf(world: World): string {
  const { remote, runners } = world;
  const ids = new Map<number, number>();
  const rank = (id: number): number => {
    if (id === 0) return 0;
    if (!ids.has(id)) ids.set(id, ids.size + 1);
    return ids.get(id) ?? 0;
  };
  const age = (value: number): number => Math.min(value, 6);
  return JSON.stringify([
    remote.iteration, remote.expected, world.faults,
    remote.claim === null ? null : [rank(remote.claim.id), rank(remote.claim.nonce), remote.claim.owner, remote.claim.phase, remote.claim.iteration, remote.claim.actor, remote.claim.attempt],
    age(world.now - remote.claim_at),
    runners.map((runner) => [
      runner.step, runner.linked, runner.unsure,
      runner.seen === null ? null : [rank(Number(runner.seen.claim.id)), age(runner.seen.claim.unchanged_ms), age(runner.clock - runner.seen.claim.looked_at), remote.tip - Number(runner.seen.tip.id)],
      runner.turn === null ? null : [runner.turn.iteration, rank(runner.turn.nonce), remote.tip - runner.turn.base, rank(runner.turn.expect), rank(runner.turn.id)],
    ]),
    world.finished.length - world.rescued.length,
  ]);
}

/** Without further faults, does the loop go on? Links heal, the dead come back, everybody takes a step in turn. */
export function goesOn(start: World, rules: Rules): boolean {
  let world: World = { ...structuredClone(start), faults: 0 };
  const before = world.handOffs.length;
  for (let round = 0; round < 60; round++) {
    const steps = stepsOf(world, rules);
    // Everybody gets a step between two ticks: a fair order, repeated.
    const owners = [...world.runners.map((runner) => runner.owner), 'time'];
    for (const owner of owners) {
      const open = stepsOf(world, rules).filter(([name]) => name.startsWith(owner));
      const step = open.find(([name]) => name.endsWith('hands off')) ?? open.find(([name]) => name.endsWith('ends')) ?? open[0];
      if (step !== undefined) [, world] = step;
    }
    if (world.handOffs.length > before) return true;
    if (steps.length === 0) return false;
  }
  return false;
}
