import { describe, expect, test } from 'vitest';
import { createPoolRig } from '../rig/pool-rig.ts';
import { until } from '../rig/rig.ts';

describe('merging', () => {
  test('a unit that conflicts with its target gets it merged in, resolves it, and lands', async () => {
    await using pool = await createPoolRig({
      agent: `cat > /dev/null
if grep -q '<<<<<<<' shared.txt; then grep -v -e '<<<<<<<' -e '=======' -e '>>>>>>>' shared.txt > t && mv t shared.txt; exit 0; fi
if [ "$ORCHESTRATOR_UNIT" = slow ]; then while [ ! -e "$RIG/go" ]; do sleep 0.05; done; fi
echo "$ORCHESTRATOR_UNIT" >> shared.txt
`,
    });
    const { rig } = pool;
    await rig.write('orchestration.yaml', (await rig.read('orchestration.yaml')).replace('command: ["./agent.sh"] }', `command: ["./agent.sh"], env: { GO: ${JSON.stringify(`${rig.root}/go`)} } }`));
    await rig.write('shared.txt', 'first\n');
    for (const name of ['fast', 'slow']) await pool.chunk(name, { goal: 'depends_on: []\n' });
    await rig.commit();
    await pool.daemon();
    await pool.inject('slow', 'fast');
    await pool.reach('fast', 'COMPLETED');
    await rig.write('../go', '');
    const slow = await pool.reach('slow', 'COMPLETED');
    expect(slow).toMatchObject({ merge_rounds: 1, attempt: 2 });
    expect((await rig.read('shared.txt')).trim().split('\n').toSorted()).toEqual(['fast', 'first', 'slow']);
    expect(await rig.git('status', '--porcelain')).toBe('');
  });

  test('markers that nobody resolves never land: a person is asked', async () => {
    await using pool = await createPoolRig({
      agent: `cat > /dev/null
if [ "$ORCHESTRATOR_UNIT" = slow ]; then while [ ! -e "$RIG/go" ]; do sleep 0.05; done; fi
grep -q -e '<<<<<<<' -e "$ORCHESTRATOR_UNIT" shared.txt || echo "$ORCHESTRATOR_UNIT" >> shared.txt
`,
    });
    const { rig } = pool;
    await rig.write('orchestration.yaml', (await rig.read('orchestration.yaml')).replace('command: ["./agent.sh"] }', `command: ["./agent.sh"], env: { GO: ${JSON.stringify(`${rig.root}/go`)} } }`));
    await rig.write('shared.txt', 'first\n');
    for (const name of ['fast', 'slow']) await pool.chunk(name, { goal: 'depends_on: []\n' });
    await rig.commit();
    await pool.daemon();
    await pool.inject('slow', 'fast');
    await pool.reach('fast', 'COMPLETED');
    await rig.write('../go', '');
    const stuck = await pool.reach('slow', 'NEEDS_ATTENTION');
    expect(stuck.kind).toBe('MERGE_CONFLICT');
    expect(stuck.attention_reason).toContain('shared.txt');
    // Resolved by hand, it goes on.
    await rig.write('.orchestrator/worktrees/slow/shared.txt', 'first\nfast\nslow\n');
    expect((await rig.run(['unit', 'retry', 'slow'])).code).toBe(0);
    await pool.reach('slow', 'COMPLETED');
    expect(await rig.read('shared.txt')).toBe('first\nfast\nslow\n');
  });

  test('the gate runs on the merged tree; the culprit is found among several and goes back, the others land', async () => {
    await using pool = await createPoolRig({
      agent: `cat > /dev/null
if [ -e "src/$ORCHESTRATOR_UNIT.txt" ]; then echo good > "src/$ORCHESTRATOR_UNIT.txt"; exit 0; fi
while [ ! -e "$RIG/go" ]; do sleep 0.05; done
mkdir -p src
if [ "$ORCHESTRATOR_UNIT" = bad ]; then echo bad; else echo good; fi > "src/$ORCHESTRATOR_UNIT.txt"
`,
      config: 'pool: { gate: "! grep -l bad src/*.txt", max_agents: 4 }\n',
    });
    const { rig } = pool;
    await rig.write('orchestration.yaml', (await rig.read('orchestration.yaml')).replace('command: ["./agent.sh"] }', `command: ["./agent.sh"], env: { GO: ${JSON.stringify(`${rig.root}/go`)} } }`));
    for (const name of ['a', 'bad', 'c', 'd']) await pool.chunk(name);
    await rig.commit();
    await pool.daemon();
    await pool.inject('a', 'bad', 'c', 'd');
    for (const name of ['a', 'bad', 'c', 'd']) await pool.reach(name, 'RUNNING');
    await rig.write('../go', '');
    for (const name of ['a', 'bad', 'c', 'd']) await pool.reach(name, 'COMPLETED');
    expect(await pool.unit('bad')).toMatchObject({ merge_rounds: 1, attempt: 2 });
    for (const name of ['a', 'c', 'd']) expect(await pool.unit(name)).toMatchObject({ merge_rounds: 0, attempt: 1 });
    // Red never was on the target.
    for (const commit of (await rig.git('rev-list', '--first-parent', 'main')).split('\n')) {
      expect(await rig.git('grep', '-c', 'bad', commit, '--', 'src').catch(() => 'none')).toBe('none');
    }
  });

  test('a gate that stays red, or that is red without the unit too, is told as that', async () => {
    await using pool = await createPoolRig({ config: 'pool: { gate: [test, -e, never] }\n' });
    await pool.chunk('one');
    await pool.rig.commit();
    await pool.daemon();
    await pool.inject('one');
    const red = await pool.reach('one', 'NEEDS_ATTENTION');
    expect(red).toMatchObject({ kind: 'GATE_RED', claim: true });
    expect(red.attention_reason).toContain('red on main without it');
    expect(await pool.rig.git('log', '--format=%s', '-1')).toBe('by a person');
  });

  test("a person's dirty checkout is never touched: the work waits, and lands once it is clean", async () => {
    await using pool = await createPoolRig();
    const { rig } = pool;
    await pool.chunk('one');
    await rig.commit();
    await rig.write('prompts/main.md', '# Mine, not committed\n');
    const before = await rig.git('rev-parse', 'main');
    await pool.daemon();
    await pool.inject('one');
    const queue = await until('it to wait', async () => {
      const { data } = (await rig.json<{ merging: string[]; merge_waits: string | null }>(['queue'])).document;
      return data.merge_waits === null ? null : data;
    });
    expect(queue).toMatchObject({ merging: ['one'], merge_waits: expect.stringContaining('prompts/main.md') });
    expect(await rig.git('rev-parse', 'main')).toBe(before);
    expect(await rig.read('prompts/main.md')).toBe('# Mine, not committed\n');
    await rig.git('checkout', '--', 'prompts/main.md');
    await pool.reach('one', 'COMPLETED');
    expect(await rig.read('src/one.txt')).toBe('one IMPLEMENT\n');
  });

  test('a target that nobody has checked out gets the work, and the checkout stays as it is', async () => {
    await using pool = await createPoolRig({ config: 'pool: { target: release }\n' });
    const { rig } = pool;
    await pool.chunk('one');
    await rig.commit();
    await rig.git('branch', 'release');
    const before = await rig.git('rev-parse', 'main');
    await pool.daemon();
    await pool.inject('one');
    await pool.reach('one', 'COMPLETED');
    expect(await rig.git('show', 'release:src/one.txt')).toBe('one IMPLEMENT');
    expect(await rig.git('rev-parse', 'main')).toBe(before);
    expect(await rig.git('status', '--porcelain')).toBe('');
  });

  test('giving a unit up ends its agent, keeps its work under a backup ref, and takes its worktree away', async () => {
    await using pool = await createPoolRig({ agent: 'cat > /dev/null\nmkdir -p src; echo half > src/half.txt; sleep 300\n' });
    const { rig } = pool;
    await pool.chunk('one');
    await pool.chunk('two', { goal: 'depends_on: [one]\n' });
    await rig.commit();
    await pool.daemon();
    await pool.inject('one', 'two');
    await until('its work', () => rig.exists('.orchestrator/worktrees/one/src/half.txt'));
    const cancelled = await rig.json<{ unit: { status: string }; backup: string }>(['unit', 'cancel', 'one']);
    expect(cancelled.document.data).toMatchObject({ unit: { status: 'CANCELLED' }, backup: 'refs/orchestrator/backup/one/1' });
    expect(await rig.git('show', 'refs/orchestrator/backup/one/1:src/half.txt')).toBe('half');
    expect(rig.exists('.orchestrator/worktrees/one')).toBe(false);
    expect(await rig.git('branch', '--list', 'orchestrator/one')).toBe('');
    expect(await pool.unit('two')).toMatchObject({ status: 'BLOCKED' });
  });
});
