import { crashPoint } from '../base/crash-point.ts';
import { newId } from '../base/ids.ts';
import { branchTip } from '../git/head.ts';
import { isAncestor } from '../git/history.ts';
import { commitTree, mergeTree, moveRef } from '../git/merge.ts';
import { createGate } from './gate.ts';
import { land, landingProblem } from './landing.ts';
import { FIRST_WINDOW, inOrder, narrowed, nextProbe, nextWindow } from './merge-order.ts';
import { endMerge, prepareMerges } from './merges.ts';
import type { Merge } from './merges.ts';
import type { PoolRuntime } from './runtime.ts';
import { beginUpdate } from './target-update.ts';
import { MAX_MERGE_ROUNDS } from './transition.ts';
import { trailers } from './unit-commit.ts';
import { isMerging } from './unit.ts';
import type { Unit } from './unit.ts';
import { dropWorktree, ensureWorktree } from './worktrees.ts';

/** A unit with the merge commit that has it and all before it. */
interface Link {
  readonly unit: Unit;
  readonly tip: string;
  readonly commit: string;
  readonly tree: string;
}

/** Lands finished units on the target, several at a time where a gate must be asked. */
export interface MergeQueue {
  /** Works off what can land now; calls while it works are one more round. */
  run(): Promise<void>;
  /** Resolves once nothing is on its way into the target. */
  landing(): Promise<void>;
  /** Why nothing lands, while a checkout keeps it waiting. */
  waits(): string | null;
}

export function createMergeQueue(pool: PoolRuntime): MergeQueue {
  const gate = createGate(pool);
  let window = FIRST_WINDOW;
  let waits: string | null = null;
  let running: Promise<void> | null = null;
  let again = false;
  let underWay: Promise<void> = Promise.resolve();

  const door = (): Unit[] => inOrder([...pool.units.live.values()].filter(isMerging));

  /** One batch; whether another one should be looked at. */
  async function batch(): Promise<boolean> {
    const line = door();
    waits = line.length === 0 ? null : await landingProblem(pool);
    if (line.length === 0 || waits !== null || pool.signal.aborted) return false;
    const old = await branchTip(pool.repository, pool.target);
    if (old === null) {
      for (const unit of line) await pool.units.change(unit.chunk, { event: 'attention', payload: { kind: 'VALIDATION', attention_reason: `The target branch ${pool.target} is not there.`, question: null } });
      return false;
    }
    const chain = await build(line.slice(0, window), old);
    if (chain.length === 0) return door().length > 0;
    const good = await gated(chain, old);
    if (pool.signal.aborted) return false;
    if (good.length > 0) {
      const landed = await landAll(good, old);
      if (landed === 'waits') return false;
    }
    return door().length > 0;
  }

  /** Merges one unit after the other in memory. One that conflicts with the target goes back; one that conflicts with those before it is for a later batch. */
  async function build(units: readonly Unit[], old: string): Promise<Link[]> {
    const { git } = pool.repository;
    const chain: Link[] = [];
    let onto = old;
    for (const unit of units) {
      const tip = await branchTip(pool.repository, unit.branch);
      if (tip === null) {
        await pool.units.change(unit.chunk, { event: 'attention', payload: { kind: 'VALIDATION', attention_reason: `Its branch ${unit.branch} is gone.`, question: null } });
        continue;
      }
      if (await isAncestor(git, tip, old)) {
        await completeUnit(pool, unit, tip, old);
        continue;
      }
      const merged = await mergeTree(git, onto, tip).catch(() => null);
      if (merged === null) {
        await pool.units.change(unit.chunk, { event: 'attention', payload: { kind: 'VALIDATION', attention_reason: `${unit.branch} has no history in common with ${pool.target}.`, question: null } });
        continue;
      }
      if (!merged.clean) {
        if (onto === old) await conflicted(unit, merged.files, old);
        continue;
      }
      const commit = await commitTree(git, merged.tree, [onto, tip], `Merge ${unit.branch}\n\n${trailers({ ...unit, phase: 'MERGE' })}\n`);
      chain.push({ unit, tip, commit, tree: merged.tree });
      onto = commit;
    }
    return chain;
  }

  /** The links at the front of the chain with which the gate is green. */
  async function gated(chain: readonly Link[], old: string): Promise<readonly Link[]> {
    const commands = (count: number) => [...(pool.config().pool.gate === undefined ? [] : [pool.config().pool.gate ?? '']), ...chain.slice(0, count).flatMap(({ unit }) => (unit.gate === null ? [] : [unit.gate]))];
    const ask = async (count: number) => {
      const link = chain[count - 1];
      if (link === undefined) throw new Error('A gate was asked about nothing');
      return await gate.run(link.commit, link.tree, commands(count), pool.signal);
    };
    let last = await ask(chain.length);
    if (last.green) {
      if (commands(chain.length).length > 0) window = nextWindow(window, true);
      return chain;
    }
    if (pool.signal.aborted) return [];
    window = nextWindow(window, false);
    let search = { green: 0, red: chain.length };
    let words = last.words;
    for (let probe = nextProbe(search); probe !== null; probe = nextProbe(search)) {
      last = await ask(probe);
      if (pool.signal.aborted) return [];
      if (!last.green) ({ words } = last);
      search = narrowed(search, probe, last.green);
    }
    const culprit = chain[search.red - 1];
    if (culprit !== undefined) await red(culprit.unit, words, search.green === 0 && !(await targetIsGreen(old)));
    return chain.slice(0, search.green);
  }

  async function targetIsGreen(old: string): Promise<boolean> {
    const { gate: command } = pool.config().pool;
    if (command === undefined) return true;
    const tree = (await pool.repository.git.run(['rev-parse', '--verify', `${old}^{tree}`])).trim();
    return (await gate.run(old, tree, [command], pool.signal)).green;
  }

  async function red(unit: Unit, words: string, already: boolean): Promise<void> {
    const rounds = unit.merge_rounds + 1;
    if (already) await pool.units.change(unit.chunk, { event: 'attention', payload: { kind: 'GATE_RED', attention_reason: `The gate is red on ${pool.target} without it, so that nothing can land: ${words}`, question: null } });
    else if (rounds > MAX_MERGE_ROUNDS) await pool.units.change(unit.chunk, { event: 'attention', payload: { kind: 'GATE_RED', attention_reason: `The gate is red on the merged tree after ${MAX_MERGE_ROUNDS} rounds: ${words}`, question: null } });
    else await pool.units.change(unit.chunk, { event: 'requeue', payload: { phase: 'IMPLEMENT', why: 'the gate is red on the merged tree', not_before: null } }, { merge_rounds: rounds, notes: [`The gate is red on the merged tree. ${words}`] });
    pool.wake();
  }

  async function conflicted(unit: Unit, files: readonly string[], old: string): Promise<void> {
    const rounds = unit.merge_rounds + 1;
    const named = files.slice(0, 20).join(', ');
    if (rounds > MAX_MERGE_ROUNDS) {
      await pool.units.change(unit.chunk, { event: 'attention', payload: { kind: 'MERGE_CONFLICT', attention_reason: `${unit.branch} conflicts with ${pool.target} after ${MAX_MERGE_ROUNDS} rounds: ${named}`, question: null } });
      return;
    }
    const place = await ensureWorktree(pool, unit, old);
    if (!place.ok) {
      await pool.units.change(unit.chunk, { event: 'attention', payload: { kind: 'VALIDATION', attention_reason: place.failure.message, question: null } });
      return;
    }
    await beginUpdate(pool, unit, place.value, old);
    await pool.units.change(unit.chunk, { event: 'requeue', payload: { phase: 'IMPLEMENT', why: `it conflicts with ${pool.target}`, not_before: null } }, { merge_rounds: rounds, notes: [`${pool.target} was merged into this branch and conflicts in: ${named}. Resolve the conflicts in those files, so that both changes hold; the merge is committed for you.`] });
    pool.wake();
  }

  async function landAll(chain: readonly Link[], old: string): Promise<'landed' | 'moved' | 'waits'> {
    const top = chain.at(-1);
    if (top === undefined) return 'landed';
    // Given up while the gate ran: what is left is merged anew.
    const standing = new Set(door().map((unit) => unit.chunk));
    if (chain.some(({ unit }) => !standing.has(unit.chunk))) return 'moved';
    const work = landChain(chain, top, old);
    underWay = work.then(() => undefined, () => undefined);
    return await work;
  }

  async function landChain(chain: readonly Link[], top: Link, old: string): Promise<'landed' | 'moved' | 'waits'> {
    const at = pool.clock.now();
    const merges: Merge[] = chain.map(({ unit, tip, commit }) => ({ id: newId('merge', at), chunk: unit.chunk, target: pool.target, tip, commit, state: 'prepared', created_at: at.toISOString() }));
    await prepareMerges(pool.store, merges);
    crashPoint('merge-prepared');
    const landed = await land(pool, top.commit, old);
    if (landed.kind === 'landed') crashPoint('merge-landed');
    waits = landed.kind === 'waits' ? landed.why : null;
    for (const merge of merges) await endMerge(pool.store, merge, landed.kind === 'landed' ? 'landed' : 'dropped', pool.clock.now().toISOString());
    if (landed.kind !== 'landed') return landed.kind;
    for (const { unit, tip, commit } of chain) await completeUnit(pool, unit, tip, commit);
    return 'landed';
  }

  async function work(): Promise<void> {
    do {
      again = false;
      // A round that changed nothing must not be tried for ever.
      while (await batch()) if (pool.signal.aborted) return;
    } while (again);
  }

  return {
    landing: () => underWay,
    waits: () => waits,
    async run() {
      again = true;
      running ??= work().finally(() => (running = null));
      await running;
    },
  };
}

/** A unit whose work is in the target: COMPLETED first, then its worktree and branch go. */
export async function completeUnit(pool: PoolRuntime, unit: Unit, tip: string, merged_as: string): Promise<void> {
  const changed = await pool.units.change(unit.chunk, { event: 'complete', payload: { merged_as } }, { worktree: null });
  if (!changed.ok) return;
  crashPoint('unit-completed');
  await tidyUp(pool, unit, tip);
  pool.wake();
}

/** Takes worktree and branch of a merged unit away; what fails is left for the next start. */
export async function tidyUp(pool: PoolRuntime, unit: Pick<Unit, 'chunk' | 'branch'>, tip: string): Promise<void> {
  try {
    await dropWorktree(pool, unit.chunk);
    await moveRef(pool.repository.git, `refs/heads/${unit.branch}`, null, tip, 'orchestrator: merged');
  } catch (error) {
    pool.log.warn('what is left of a merged unit could not be taken away', { chunk: unit.chunk, error: String(error) });
  }
}
