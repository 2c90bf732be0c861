import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import { defineOperation } from '../../spine/operation.ts';
import { attemptsOf } from '../attempts.ts';
import { chunkName } from '../chunk-name.ts';
import { newest, unitNotFound } from '../unit-book.ts';
import { isTerminal } from '../unit.ts';
import { READ_FAILURES, readStore } from './open.ts';

/** How often a log that is followed is looked at. Milliseconds. */
const LOOK_MS = 200;
const BLOCK = 64 * 1024;
/** Without following, so much of the end is shown. Bytes. */
const SHOWN = 64 * 1024;

export const outputTail = defineOperation({
  name: 'pool.output.tail',
  summary: "What a unit's agent says, as it says it",
  input: z.object({ unit: z.string().min(1), follow: z.boolean().default(false).describe('Go on until the unit is at its end.') }),
  output: z.object({ unit: z.string(), status: z.string(), log: z.string().nullable() }),
  failures: ['chunk_name_invalid', 'unit_not_found', ...READ_FAILURES],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli'],
  callers: ['operator', 'system'],
  starts_work: false,
  async handler(context, input) {
    const name = chunkName(input.unit);
    if (!name.ok) return name;
    const at = { log: null as string | null, offset: 0, decoder: new StringDecoder('utf8'), rest: '' };
    for (;;) {
      const read = await readStore<{ status: string; ended: boolean; log: string | null } | null>(context, null, async (tx) => {
        const unit = await newest(tx, name.value);
        const [last] = unit === null ? [] : await attemptsOf({ read: async (work) => await work(tx) }, name.value, 1);
        return unit === null ? null : { status: unit.status, ended: isTerminal(unit.status) || unit.status === 'NEEDS_ATTENTION', log: last?.log ?? null };
      });
      if (!read.ok) return read;
      if (read.value === null) return fail(unitNotFound(name.value));
      const { status, ended, log } = read.value;
      if (log !== null && log !== at.log) Object.assign(at, { log, offset: input.follow ? 0 : -SHOWN, decoder: new StringDecoder('utf8'), rest: '' });
      for (const line of more(at)) context.emit({ type: 'output', unit: name.value, text: line });
      if (!input.follow || ended || context.signal.aborted) return ok({ unit: name.value, status, log });
      await delay(LOOK_MS, undefined, { signal: context.signal }).catch(() => undefined);
    }
  },
});

/** Whole lines that came since. A negative offset counts from the end. */
function more(at: { log: string | null; offset: number; decoder: StringDecoder; rest: string }): string[] {
  if (at.log === null) return [];
  let file: number;
  try {
    file = openSync(at.log, 'r');
  } catch {
    return [];
  }
  try {
    if (at.offset < 0) at.offset = Math.max(0, fstatSync(file).size + at.offset);
    const block = Buffer.alloc(BLOCK);
    for (let read = readSync(file, block, 0, BLOCK, at.offset); read > 0; read = readSync(file, block, 0, BLOCK, at.offset)) {
      at.offset += read;
      at.rest += at.decoder.write(block.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
  const lines = at.rest.split('\n');
  at.rest = lines.pop() ?? '';
  return lines;
}
