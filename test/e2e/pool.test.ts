import { describe, expect, test } from 'vitest';
import { createPoolRig } from '../rig/pool-rig.ts';
import { until } from '../rig/rig.ts';

describe('the pool', () => {
  test('takes chunks through their phases and lands them; checkout, worktrees and branches are clean after it', async () => {
    await using pool = await createPoolRig();
    const { rig } = pool;
    for (const name of ['one', 'two']) await pool.chunk(name);
    await pool.chunk('three', { goal: 'depends_on: [one, plans/two/]\n' });
    await rig.commit();
    await pool.daemon();
    const injected = await rig.json<{ injected: string[]; refused: unknown[] }>(['inject', 'three', 'plans/one', 'plans/two/']);
    expect(injected.document.data).toEqual({ injected: ['one', 'two', 'three'], refused: [] });
    for (const name of ['one', 'two', 'three']) await pool.reach(name, 'COMPLETED');
    for (const name of ['one', 'two', 'three']) {
      expect(await rig.read(`src/${name}.txt`)).toBe(`${name} IMPLEMENT\n`);
      expect(await rig.read(`plans/${name}/GOAL.md`)).toContain('status: ACTIVE # where it stands');
    }
    await until('the worktrees to go', async () => (await rig.git('worktree', 'list')).split('\n').length === 1);
    expect(await rig.git('status', '--porcelain')).toBe('');
    await until('the branches to go', async () => (await rig.git('branch', '--list', 'orchestrator/*')) === '');
    // The one that depends began from what the others had landed.
    const third = await pool.unit('three');
    expect(await rig.git('merge-base', '--is-ancestor', (await pool.unit('one'))?.merged_as ?? '', third?.base ?? '')).toBe('');
    const listed = await rig.json<{ units: { chunk: string; status: string }[] }>(['ps', '--all']);
    expect(listed.document.data.units.map((unit) => [unit.chunk, unit.status]).toSorted()).toEqual([['one', 'COMPLETED'], ['three', 'COMPLETED'], ['two', 'COMPLETED']]);
    expect((await rig.json<{ units: unknown[] }>(['ps'])).document.data.units).toEqual([]);
  });

  test('refuses, all or none, what is not committed, not planned, not open, unknown, or in a circle', async () => {
    await using pool = await createPoolRig();
    const { rig } = pool;
    await pool.chunk('good');
    await pool.chunk('bare', { plan: '# Plan\n' });
    await pool.chunk('old', { status: 'ACTIVE' });
    await pool.chunk('ring-a', { goal: 'depends_on: [ring-b]\n' });
    await pool.chunk('ring-b', { goal: 'depends_on: [ring-a]\n' });
    await pool.chunk('lost', { goal: 'depends_on: [nobody]\n' });
    await rig.write('plans/wrong/GOAL.md', '---\nstatus: DONE\n---\n');
    await rig.commit();
    await pool.chunk('fresh');
    await pool.chunk('edited');
    await rig.git('add', 'plans/edited');
    await rig.git('commit', '-qm', 'edited');
    await rig.write('plans/edited/PLAN.md', 'Another plan.\n');
    await pool.daemon();
    const cases: [string, number, string][] = [
      ['fresh', 5, 'chunk_uncommitted'], ['edited', 5, 'chunk_uncommitted'], ['bare', 5, 'chunk_unplanned'], ['old', 5, 'chunk_not_open'], ['nobody', 3, 'chunk_not_found'],
      ['lost', 5, 'dependency_missing'], ['wrong', 2, 'chunk_invalid'], ['../good', 2, 'chunk_name_invalid'],
    ];
    for (const [chunk, code, failure] of cases) {
      const refused = await rig.json(['inject', 'good', chunk]);
      expect([chunk, refused.code, refused.document.error.code]).toEqual([chunk, code, failure]);
    }
    const ring = await rig.json(['inject', 'ring-a', 'ring-b']);
    expect([ring.code, ring.document.error.code]).toEqual([2, 'dependency_cycle']);
    expect((await rig.json<{ units: unknown[] }>(['ps', '--all'])).document.data.units).toEqual([]);
    const partial = await rig.json<{ injected: string[]; refused: { chunk: string; code: string }[] }>(['inject', '--partial', 'good', 'bare']);
    expect(partial.document.data).toMatchObject({ injected: ['good'], refused: [{ chunk: 'bare', code: 'chunk_unplanned' }] });
    const twice = await rig.json(['inject', 'good']);
    if (twice.code !== 5) expect([twice.code, twice.document.error.code]).toEqual([4, 'already_injected']);
  });

  test('a command that needs the daemon says so; one that only reads does not need it', async () => {
    await using pool = await createPoolRig();
    await pool.chunk('one');
    await pool.rig.commit();
    const refused = await pool.rig.json(['inject', 'one']);
    expect([refused.code, refused.document.error.code]).toEqual([6, 'daemon_not_running']);
    expect((await pool.rig.json<{ units: unknown[] }>(['ps'])).document.data).toEqual({ units: [] });
    expect((await pool.rig.json<{ items: unknown[] }>(['attention'])).document.data).toEqual({ items: [] });
    expect((await pool.rig.json(['unit', 'show', 'one'])).code).toBe(3);
  });

  test('a question waits for its answer, across a restart of the daemon, and the same phase goes on with it', async () => {
    await using pool = await createPoolRig({
      agent: `cat > /dev/null
if [ -z "$ORCHESTRATOR_ANSWER" ]; then echo '{"outcome": "blocked", "question": "Which colour?", "options": ["red", "blue"]}' > "$ORCHESTRATOR_OUTCOME"; exit 0; fi
mkdir -p src; echo "$ORCHESTRATOR_PHASE $ORCHESTRATOR_ANSWER" > "src/$ORCHESTRATOR_UNIT.txt"
`,
    });
    const { rig } = pool;
    await pool.chunk('one');
    await pool.chunk('two', { goal: 'depends_on: [one]\n' });
    await rig.commit();
    await pool.daemon();
    await pool.inject('one', 'two');
    await pool.reach('one', 'NEEDS_ATTENTION');
    await pool.reach('two', 'BLOCKED');
    const asked = await rig.json<{ items: { unit: string; kind: string; question: string; options: string[]; blocks: string[]; waiting_ms: number }[] }>(['attention']);
    expect(asked.document.data.items).toEqual([expect.objectContaining({ unit: 'one', kind: 'QUESTION', question: 'Which colour?', options: ['red', 'blue'], blocks: ['two'] })]);
    expect(asked.document.data.items[0]?.waiting_ms).toBeGreaterThanOrEqual(0);
    // Nobody answers for the operator, retry included.
    expect((await rig.json(['unit', 'retry', 'one'])).code).toBe(4);
    await pool.stop();
    await pool.daemon();
    expect((await pool.unit('one'))?.status).toBe('NEEDS_ATTENTION');
    const answered = await rig.json<{ unit: string; question: string }>(['answer', 'one', 'blue']);
    expect(answered.document.data).toMatchObject({ unit: 'one', question: 'Which colour?' });
    await pool.reach('one', 'COMPLETED');
    expect(await rig.read('src/one.txt')).toBe('IMPLEMENT blue\n');
  });

  test('what conflicts never holds its claims together, through questions and between phases', async () => {
    await using pool = await createPoolRig({
      agent: `cat > /dev/null
echo "$ORCHESTRATOR_UNIT begins" >> "$RIG/order"
mkdir -p src; echo "$ORCHESTRATOR_UNIT" >> src/shared.txt
echo "$ORCHESTRATOR_UNIT ends" >> "$RIG/order"
`,
      config: 'pool: { max_agents: 4 }\n',
    });
    const { rig } = pool;
    for (const name of ['a', 'b', 'c', 'd']) await pool.chunk(name, { plan: '1. Build it.\n   Location: src/shared.txt\n' });
    await rig.commit();
    await pool.daemon();
    await pool.inject('a', 'b', 'c', 'd');
    for (const name of ['a', 'b', 'c', 'd']) await pool.reach(name, 'COMPLETED');
    expect((await rig.read('src/shared.txt')).trim().split('\n').toSorted()).toEqual(['a', 'b', 'c', 'd']);
    // By the log of events: a claim is held from ASSIGNED until COMPLETED.
    const held = new Set<string>();
    for (const { type, data } of await pool.events()) {
      const { chunk, status } = data as { chunk: string; status: string };
      if (type !== 'unit.changed') continue;
      if (status === 'ASSIGNED') held.add(chunk);
      if (status === 'COMPLETED') held.delete(chunk);
      expect(held.size).toBeLessThanOrEqual(1);
    }
  });

  test('a review with feedback goes back to the engineer with its notes, three times at most', async () => {
    await using pool = await createPoolRig({
      agent: `cat > prompt.tmp; grep -c "not yet" prompt.tmp > /dev/null; rm prompt.tmp
mkdir -p src
case "$ORCHESTRATOR_PHASE" in
IMPLEMENT) echo x >> "src/$ORCHESTRATOR_UNIT.txt" ;;
REVIEW) if [ "$(wc -l < "src/$ORCHESTRATOR_UNIT.txt")" -lt "$(cat need.txt)" ]; then echo '{"outcome": "ok", "review": "feedback", "notes": ["not yet"]}'; else echo '{"outcome": "ok", "review": "approve"}'; fi > "$ORCHESTRATOR_OUTCOME" ;;
esac
`,
    });
    const { rig } = pool;
    await rig.write('prompts/unit-review.md', '# Review\n');
    await rig.write('need.txt', '3\n');
    await pool.chunk('one');
    await rig.commit();
    await pool.daemon();
    await pool.inject('one');
    const done = await pool.reach('one', 'COMPLETED');
    expect(done).toMatchObject({ review_rounds: 2, attempt: 6 });
    await rig.write('need.txt', '9\n');
    await pool.chunk('two');
    await rig.commit();
    await pool.inject('two');
    const escalated = await pool.reach('two', 'NEEDS_ATTENTION');
    expect(escalated).toMatchObject({ kind: 'REVIEW_ESCALATED', review_rounds: 3 });
    expect(escalated.attention_reason).toContain('not yet');
  });

  test('a FUTURE chunk is planned and activated; what it displaces is put back before the merge', async () => {
    await using pool = await createPoolRig({
      agent: `cat > /dev/null
case "$ORCHESTRATOR_PHASE" in
PLAN) echo "1. Do it." > "plans/$ORCHESTRATOR_UNIT/PLAN.md" ;;
IMPLEMENT) mkdir -p src; grep -h '^status' plans/*/GOAL.md > "src/$ORCHESTRATOR_UNIT.txt" ;;
esac
`,
    });
    const { rig } = pool;
    await pool.chunk('next', { status: 'FUTURE', plan: '' });
    await pool.chunk('now');
    await rig.commit();
    await pool.daemon();
    const injected = await rig.json<{ injected: string[] }>(['inject', '--future']);
    expect(injected.document.data.injected).toEqual(['next']);
    await pool.reach('next', 'COMPLETED');
    expect(await rig.read('src/next.txt')).toBe('status: IMPLEMENTING # where it stands\nstatus: FUTURE # where it stands\n');
    expect(await rig.read('plans/now/GOAL.md')).toContain('status: IMPLEMENTING');
    expect(await rig.read('plans/next/GOAL.md')).toContain('status: ACTIVE');
    expect(await rig.read('plans/next/PLAN.md')).toBe('1. Do it.\n');
  });
});
