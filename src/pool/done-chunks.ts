import { branchTip } from '../git/head.ts';
import { PLANS } from './chunk-name.ts';
import { parseChunk } from './chunk.ts';
import type { PoolRuntime } from './runtime.ts';

/** Which chunks are done, so that what depends on them may start: those whose goal on the target says so. */
export interface DoneChunks {
  /** Looks up those that are asked about; what is known is asked again only once the target has moved. */
  look(names: Iterable<string>): Promise<void>;
  isDone(chunk: string): boolean;
}

export function createDoneChunks(pool: PoolRuntime): DoneChunks {
  const known = new Map<string, boolean>();
  let at: string | null = null;
  return {
    isDone: (chunk) => known.get(chunk) ?? false,
    async look(names) {
      const wanted = [...names];
      if (wanted.length === 0) return;
      const tip = await branchTip(pool.repository, pool.target);
      if (tip !== at) known.clear();
      at = tip;
      for (const name of wanted) {
        if (known.has(name) || tip === null) continue;
        const output = await pool.repository.git.attempt(['cat-file', 'blob', `${tip}:${[...(pool.prefix === '' ? [] : [pool.prefix]), PLANS, name, 'GOAL.md'].join('/')}`]);
        const chunk = output.code === 0 ? parseChunk(name, output.stdout, null) : null;
        known.set(name, chunk?.ok === true && chunk.value.status !== 'FUTURE' && chunk.value.status !== 'IMPLEMENTING');
      }
    },
  };
}
