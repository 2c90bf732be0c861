import { describe, expect, test } from 'vitest';
import { UNIT_CRASH_POINTS } from '../../src/base/crash-point.ts';
import { createPoolRig } from '../rig/pool-rig.ts';
import type { PoolRig } from '../rig/pool-rig.ts';
import { processesOf, until } from '../rig/rig.ts';

/** Each run of an agent leaves a line outside the repository: how often it ran, and whether two ran at once. */
const AGENT = `cat > /dev/null
if ! mkdir "$RIG/at-work-$ORCHESTRATOR_UNIT" 2>/dev/null; then echo "$ORCHESTRATOR_UNIT twice at once" >> "$RIG/breaches"; fi
trap 'rmdir "$RIG/at-work-$ORCHESTRATOR_UNIT"' EXIT
trap 'exit 143' TERM
sleep 0.2
mkdir -p src
echo "$ORCHESTRATOR_UNIT" > "src/$ORCHESTRATOR_UNIT.txt"
`;

async function crashRig(): Promise<PoolRig> {
  const pool = await createPoolRig({ agent: AGENT, config: 'pool: { gate: [test, -d, plans] }\n' });
  for (const name of ['a', 'b', 'c']) await pool.chunk(name, name === 'c' ? { goal: 'depends_on: [a]\n' } : {});
  await pool.rig.commit();
  return pool;
}

/** Nothing lost, nothing doubled, nobody left. */
async function expectWhole({ rig, unit }: PoolRig): Promise<void> {
  for (const name of ['a', 'b', 'c']) {
    expect(await rig.read(`src/${name}.txt`)).toBe(`${name}\n`);
    const merged = (await rig.git('log', '--first-parent', '--format=%s', 'main')).split('\n').filter((line) => line === `Merge orchestrator/${name}`);
    expect([name, merged.length]).toEqual([name, 1]);
    const found = await unit(name);
    expect(await rig.git('merge-base', '--is-ancestor', found?.merged_as ?? '', 'main')).toBe('');
  }
  expect(rig.exists('../breaches')).toBe(false);
  await until('the worktrees to go', async () => (await rig.git('worktree', 'list')).split('\n').filter((line) => !line.includes('/.merge')).length === 1);
  expect(await rig.git('status', '--porcelain')).toBe('');
}

describe('a daemon that is killed', () => {
  test.for(UNIT_CRASH_POINTS)('at %s: the next start goes on', async (point) => {
    await using pool = await crashRig();
    const crashing = await pool.daemon({ ORCHESTRATOR_CRASH_AT: point });
    await pool.rig.run(['inject', 'a', 'b', 'c']);
    await crashing.ended;
    expect(crashing.child.signalCode).toBe('SIGKILL');
    await pool.daemon();
    for (const name of ['a', 'b', 'c']) await pool.reach(name, 'COMPLETED');
    await expectWhole(pool);
    await pool.stop();
    expect(await processesOf(pool.rig.root)).toEqual([]);
  });

  test('again and again at random: every unit lands once', async () => {
    await using pool = await crashRig();
    await pool.daemon();
    await pool.inject('a', 'b', 'c');
    for (let round = 0; round < 4; round++) {
      const events = (await pool.events()).length;
      await until('something to happen', async () => (await pool.events()).length > events + round, 2000).catch(() => undefined);
      await pool.kill();
      await pool.daemon();
    }
    for (const name of ['a', 'b', 'c']) await pool.reach(name, 'COMPLETED');
    await expectWhole(pool);
  });

  test('an agent that came to its end while no daemon ran is not run again', async () => {
    await using pool = await createPoolRig({ agent: 'cat > /dev/null\necho run >> "$RIG/runs"\nwhile [ ! -e "$RIG/go" ]; do sleep 0.05; done\nmkdir -p src; echo done > src/one.txt; echo ended >> "$RIG/runs"\n' });
    const { rig } = pool;
    await pool.chunk('one');
    await rig.commit();
    await pool.daemon();
    await pool.inject('one');
    await until('its agent', () => rig.exists('../runs'));
    await pool.kill();
    await rig.write('../go', '');
    await until('its end', async () => (await rig.read('../runs')).includes('ended'));
    await pool.daemon();
    await pool.reach('one', 'COMPLETED');
    expect(await rig.read('../runs')).toBe('run\nended\n');
  });
});
