import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { branchTip } from '../git/head.ts';
import { mergeTree } from '../git/merge.ts';
import type { MergedTree } from '../git/merge.ts';
import type { PoolRuntime } from './runtime.ts';

/** Merges every pair of live branches in memory as they grow, and reports a conflict on both units at once. */
export interface Radar {
  start(): void;
  stop(): void;
}

/** A branch that grows fast is looked at so often. Milliseconds. */
const SETTLE_MS = 200;

export function createRadar(pool: PoolRuntime): Radar {
  const known = new Map<string, MergedTree>();
  const tips = new Map<string, string>();
  const told = new Map<string, boolean>();
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | null = null;
  let again = false;

  async function look(): Promise<void> {
    const live = [...pool.units.live.values()].filter((unit) => unit.claim && unit.base !== null);
    const grown: string[] = [];
    const present = new Map<string, string>();
    for (const unit of live) {
      const tip = await branchTip(pool.repository, unit.branch);
      if (tip === null || tip === unit.base) continue;
      present.set(unit.chunk, tip);
      if (tips.get(unit.chunk) !== tip) grown.push(unit.chunk);
    }
    for (const chunk of tips.keys()) if (!present.has(chunk)) tips.delete(chunk);
    // What was merged of branches that are gone is of no use any more.
    for (const key of known.keys()) if (!key.split(' ').every((tip) => [...present.values()].includes(tip))) known.delete(key);
    for (const pair of told.keys()) if (!pair.split(' ').every((chunk) => present.has(chunk))) told.delete(pair);
    for (const [chunk, tip] of present) tips.set(chunk, tip);
    for (const chunk of grown) await pool.verdicts.refresh(chunk);
    const seen = new Set<string>();
    for (const a of grown) {
      for (const b of present.keys()) {
        const pair = [a, b].toSorted().join(' ');
        if (a === b || seen.has(pair)) continue;
        seen.add(pair);
        await compare(a, b, pair, present.get(a) ?? '', present.get(b) ?? '');
      }
    }
  }

  async function compare(a: string, b: string, pair: string, tipA: string, tipB: string): Promise<void> {
    const key = [tipA, tipB].toSorted().join(' ');
    const merged = known.get(key) ?? (await mergeTree(pool.repository.git, tipA, tipB).catch(() => null));
    if (merged === null || pool.signal.aborted) return;
    known.set(key, merged);
    await pool.verdicts.merged(a, b, { clean: merged.clean, files: merged.files });
    if (merged.clean || told.get(pair) === true) {
      told.set(pair, !merged.clean);
      return;
    }
    told.set(pair, true);
    await pool.store.write(async (tx) => {
      for (const [unit, other] of [[a, b], [b, a]] as const) await tx.append({ type: 'conflict.appeared', unit, data: { with: other, files: merged.files } });
    });
    pool.log.warn('two branches at work conflict', { a, b, files: merged.files });
  }

  /** Where refs are kept otherwise, or none of ours is there yet, branches are looked at when a unit changes. */
  const listen = (): void => {
    if (watcher !== null) return;
    try {
      watcher = watch(join(pool.repository.commonDirectory, 'refs', 'heads', 'orchestrator'), { persistent: false }, ask);
      watcher.on('error', () => {
        watcher?.close();
        watcher = null;
      });
    } catch {
      watcher = null;
    }
  };

  const ask = (): void => {
    listen();
    clearTimeout(timer);
    timer = setTimeout(() => {
      again = true;
      looking ??= (async () => {
        while (again && !pool.signal.aborted) {
          again = false;
          await look().catch((error: unknown) => pool.log.warn('the radar could not look', { error: String(error) }));
        }
      })().finally(() => (looking = null));
    }, SETTLE_MS).unref();
  };

  return {
    start() {
      pool.units.onChange(ask);
      ask();
    },
    stop() {
      clearTimeout(timer);
      watcher?.close();
    },
  };
}
