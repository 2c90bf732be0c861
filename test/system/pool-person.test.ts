import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createPoolRig } from '../rig/pool-rig.ts';
import { until } from '../rig/rig.ts';

describe('beginning anew', () => {
  test('what an earlier unit of the chunk left is kept aside, and none of the new one', async () => {
    await using pool = await createPoolRig({ agent: `cat > /dev/null
mkdir -p src
if [ ! -e "$RIG/once" ]; then touch "$RIG/once"; echo old > src/old.txt; echo '{"outcome": "failed"}' > "$ORCHESTRATOR_OUTCOME"; else echo new > src/new.txt; fi
` });
    const { rig } = pool;
    await pool.chunk('one');
    await rig.commit();
    await pool.daemon();
    await pool.inject('one');
    await pool.reach('one', 'FAILED');
    await pool.inject('one');
    await until('the new one to land', async () => (await pool.unit('one'))?.status === 'COMPLETED');
    expect([rig.exists('src/new.txt'), rig.exists('src/old.txt')]).toEqual([true, false]);
    expect(await rig.git('show', 'refs/orchestrator/backup/one/1:src/old.txt')).toBe('old');
  });

  test('of a unit that is given up all is kept, on whatever branch or in the middle of whatever its agent left it', async () => {
    await using pool = await createPoolRig({ agent: `cat > /dev/null
case "$ORCHESTRATOR_UNIT" in
  away) git checkout -q --detach; echo 1 > made.txt; git add made.txt; git commit -q -m made; echo 2 > loose.txt ;;
  half) git checkout -q -b side; echo 1 > c; git add c; git commit -qm x; git checkout -q orchestrator/half; echo 2 > c; git add c; git commit -qm y; git merge side > /dev/null; echo 3 > loose.txt ;;
esac
` });
    const { rig } = pool;
    for (const name of ['away', 'half']) await pool.chunk(name);
    await rig.commit();
    await pool.daemon();
    await pool.inject('away', 'half');
    for (const [name, files] of [['away', ['made.txt', 'loose.txt']], ['half', ['c', 'loose.txt']]] as const) {
      await pool.reach(name, 'NEEDS_ATTENTION');
      const { document } = await rig.json<{ backup: string }>(['unit', 'cancel', name]);
      const kept = (await rig.git('ls-tree', '--name-only', document.data.backup)).split('\n');
      expect(kept).toEqual(expect.arrayContaining([...files]));
      expect(rig.exists(`.orchestrator/worktrees/${name}`)).toBe(false);
    }
  });

  test('a unit that is given up while its gate runs does not land', async () => {
    await using pool = await createPoolRig({ config: 'pool: { gate: [./wait.sh] }\n' });
    const { rig } = pool;
    await rig.script('wait.sh', `touch "${rig.root}/asked"\nwhile [ ! -e "${rig.root}/go" ]; do sleep 0.05; done\n`);
    await pool.chunk('one');
    await pool.chunk('two');
    await rig.commit();
    await pool.daemon();
    await pool.inject('one');
    await until('the gate', () => rig.exists('../asked'));
    expect((await rig.run(['unit', 'cancel', 'one'])).code).toBe(0);
    await rig.write('../go', '');
    await pool.inject('two');
    await pool.reach('two', 'COMPLETED');
    expect([rig.exists('src/two.txt'), rig.exists('src/one.txt')]).toEqual([true, false]);
    expect(await pool.unit('one')).toMatchObject({ status: 'CANCELLED' });
  });
});

describe('what a person sees and does', () => {
  test('a gate that is mended outside the repository is asked again', async () => {
    await using pool = await createPoolRig({ config: 'pool: { gate: [./gate.sh] }\n' });
    const { rig } = pool;
    await rig.script('gate.sh', `test -e "${rig.root}/mended"\n`);
    await pool.chunk('one');
    await rig.commit();
    await pool.daemon();
    await pool.inject('one');
    await pool.reach('one', 'NEEDS_ATTENTION');
    await rig.write('../mended', '');
    expect((await rig.run(['unit', 'retry', 'one'])).code).toBe(0);
    await pool.reach('one', 'COMPLETED');
  });

  test('what depends on a unit that failed is told, and goes on when that was retried', async () => {
    await using pool = await createPoolRig({ agent: `cat > /dev/null\nif [ "$ORCHESTRATOR_UNIT" = one ] && [ ! -e "$RIG/go" ]; then echo '{"outcome": "failed", "summary": "no"}' > "$ORCHESTRATOR_OUTCOME"; exit 0; fi\nmkdir -p src; echo x > "src/$ORCHESTRATOR_UNIT.txt"\n` });
    const { rig } = pool;
    await pool.chunk('one');
    await pool.chunk('two', { goal: 'depends_on: [one]\n' });
    await rig.commit();
    await pool.daemon();
    await pool.inject('one', 'two');
    await pool.reach('one', 'FAILED');
    const told = await rig.json<{ items: { unit: string; blocks: string[]; attention_reason: string }[] }>(['attention']);
    expect(told.document.data.items).toEqual([expect.objectContaining({ unit: 'one', blocks: ['two'], attention_reason: expect.stringContaining('failed') })]);
    await rig.write('../go', '');
    expect((await rig.run(['unit', 'retry', 'one'])).code).toBe(0);
    for (const name of ['one', 'two']) await pool.reach(name, 'COMPLETED');
  });

  test("a person's own merge of a unit's branch is left as it is, and told", async () => {
    await using pool = await createPoolRig({ agent: 'cat > /dev/null\necho x > x.txt; git add x.txt; git commit -q -m x\ntouch "$RIG/committed"\nwhile [ ! -e "$RIG/go" ]; do sleep 0.05; done\n' });
    const { rig } = pool;
    await pool.chunk('one');
    await rig.commit();
    await pool.daemon();
    await pool.inject('one');
    await until('its commit', () => rig.exists('../committed'));
    await rig.git('merge', '-q', '--ff-only', 'orchestrator/one');
    const merged = await rig.git('rev-parse', 'main');
    await rig.write('../go', '');
    const asked = await pool.reach('one', 'NEEDS_ATTENTION');
    expect(asked.attention_reason).toContain('Somebody did that in');
    expect(await rig.git('rev-parse', 'main')).toBe(merged);
    expect(await rig.git('status', '--porcelain')).toBe('');
  });

  test('an agent that moves the target back: what the queue landed is there again, and a person is told', async () => {
    await using pool = await createPoolRig({ agent: 'cat > /dev/null\nmkdir -p src; echo x > "src/$ORCHESTRATOR_UNIT.txt"\n[ "$ORCHESTRATOR_UNIT" = bad ] && git update-ref refs/heads/main refs/heads/main~1\nexit 0\n' });
    const { rig } = pool;
    await pool.chunk('good');
    await pool.chunk('bad', { goal: 'depends_on: [good]\n' });
    await rig.commit();
    await pool.daemon();
    await pool.inject('good', 'bad');
    const landed = await pool.reach('good', 'COMPLETED');
    const asked = await pool.reach('bad', 'NEEDS_ATTENTION');
    expect(asked).toMatchObject({ kind: 'VALIDATION' });
    expect(await rig.git('rev-parse', 'main')).toBe(landed.merged_as);
    expect(await rig.git('status', '--porcelain')).toBe('');
  });

  test('an agent that changes nothing and says nothing has not done its part', async () => {
    await using pool = await createPoolRig({ agent: 'cat > /dev/null\n' });
    await pool.chunk('one');
    await pool.rig.commit();
    await pool.daemon();
    await pool.inject('one');
    expect(await pool.reach('one', 'NEEDS_ATTENTION')).toMatchObject({ kind: 'VALIDATION' });
  });

  test('a branch called orchestrator is said to be in the way', async () => {
    await using pool = await createPoolRig();
    await pool.rig.git('branch', 'orchestrator');
    const started = await pool.rig.json(['daemon', 'start', '--port', '0']);
    expect([started.code, started.document.error.code]).toEqual([5, 'branch_in_the_way']);
  });
});

describe('notifications', () => {
  test('a command and a webhook are told, many at once in one message, and never a secret', async () => {
    await using pool = await createPoolRig({ agent: 'cat > /dev/null\necho \'{"outcome": "blocked", "question": "Is AKIAIOSFODNN7EXAMPLQ right?"}\' > "$ORCHESTRATOR_OUTCOME"\n' });
    const { rig } = pool;
    const posted: { title: string; items: { unit: string; kind: string }[] }[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (piece: Buffer) => (text += piece.toString())).on('end', () => {
        posted.push(JSON.parse(text) as (typeof posted)[number]);
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await rig.write('orchestration.yaml', `${await rig.read('orchestration.yaml')}notify: { min_interval: 1s, webhook: "http://127.0.0.1:${port}/", command: [sh, -c, 'echo "$ORCHESTRATOR_NOTIFY_JSON" >> ${rig.root}/told'] }\n`);
      for (const name of ['a', 'b', 'c']) await pool.chunk(name);
      await rig.commit();
      await pool.daemon();
      await pool.inject('a', 'b', 'c');
      await until('all to be told', () => posted.flatMap((each) => each.items).length === 3);
      expect(posted.flatMap((each) => each.items.map((item) => [item.unit, item.kind])).toSorted()).toEqual([['a', 'QUESTION'], ['b', 'QUESTION'], ['c', 'QUESTION']]);
      expect(posted.length).toBeLessThanOrEqual(2);
      await until('the command', async () => rig.exists('../told') && (await rig.read('../told')).trim().split('\n').length === posted.length);
      expect(`${JSON.stringify(posted)}${await rig.read('../told')}`).not.toContain('AKIAIOSFODNN7EXAMPLQ');
    } finally {
      server.close();
    }
  });
});
