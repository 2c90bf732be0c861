import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { createPoolRig } from '../rig/pool-rig.ts';
import type { PoolRig } from '../rig/pool-rig.ts';
import { until } from '../rig/rig.ts';
import type { RigOptions } from '../rig/rig.ts';

/** A pool whose agent does something that it must not; `RIG` names a folder of the test's own. */
async function hostile(agent: string, options: RigOptions = {}): Promise<PoolRig> {
  const pool = await createPoolRig({ agent: `cat > /dev/null\n${agent}`, ...options });
  await pool.chunk('one');
  await pool.rig.commit();
  await pool.daemon();
  return pool;
}

describe('an agent that does what it must not', () => {
  const cases: [string, string, string][] = [
    ['leaves its branch', 'git checkout -q -b elsewhere', 'the checkout is now on elsewhere'],
    ['detaches its HEAD', 'git checkout -q --detach', 'a detached HEAD'],
    ['rewrites history', 'git commit -q --amend -m other --allow-empty; git reset -q --hard $(git commit-tree HEAD^{tree} -m new)', 'rewrote history'],
    ['leaves a merge half done', 'git checkout -q -b x-merge; echo 1 > c; git add c; git commit -qm x; git checkout -q orchestrator/one; echo 2 > c; git add c; git commit -qm y; git merge x-merge > /dev/null', 'left a merge half done'],
    ['writes garbage as its outcome', 'echo "{{{" > "$ORCHESTRATOR_OUTCOME"', 'not valid JSON'],
    ['takes its worktree for a place to make others', 'rm -rf "$ORCHESTRATOR_OUTCOME"; mkdir "$ORCHESTRATOR_OUTCOME"', 'not a regular file'],
    ['breaks its own goal', 'echo nothing > plans/one/GOAL.md', 'has no front matter'],
    ['commits a secret', 'echo "key = AKIAIOSFODNN7EXAMPLQ" > k.txt; git add k.txt; git commit -qm k', 'looks like a secret'],
    ['leaves a secret uncommitted', 'echo "key = AKIAIOSFODNN7EXAMPLQ" > k.txt', 'k.txt'],
    ['exits with an error', 'exit 3', 'exit'],
  ];
  test('a person is asked each time, and nothing lands', async () => {
    // One daemon for all of them: what each agent does is told by its unit.
    const script = cases.map(([, agent], n) => `case-${n})\n${agent.replaceAll('orchestrator/one', `orchestrator/case-${n}`).replaceAll('plans/one', `plans/case-${n}`)}\n;;`).join('\n');
    await using pool = await createPoolRig({ agent: `cat > /dev/null\ncase "$ORCHESTRATOR_UNIT" in\n${script}\nesac\n`, config: 'pool: { max_agents: 3 }\n' });
    const names = cases.map((_, n) => `case-${n}`);
    for (const name of names) await pool.chunk(name, { goal: 'depends_on: []\n' });
    const before = await pool.rig.commit();
    await pool.daemon();
    await pool.inject(...names);
    for (const [n, [what, , words]] of cases.entries()) {
      const asked = await pool.reach(`case-${n}`, 'NEEDS_ATTENTION');
      expect([what, asked.attention_reason]).toEqual([what, expect.stringContaining(words)]);
      expect(['VALIDATION', 'AGENT_ERROR']).toContain(asked.kind);
    }
    expect(await pool.rig.git('rev-parse', 'main')).toBe(before);
  });

  test('deletes its worktree: a person is asked, and the unit can be tried again', async () => {
    await using pool = await hostile('if [ ! -e "$RIG/once" ]; then touch "$RIG/once"; cd /; rm -rf "$ORCHESTRATOR_WORKSPACE"; exit 0; fi\nmkdir -p src; echo ok > src/one.txt');
    await pool.inject('one');
    await pool.reach('one', 'NEEDS_ATTENTION');
    expect((await pool.rig.run(['unit', 'retry', 'one'])).code).toBe(0);
    await pool.reach('one', 'COMPLETED');
    expect(await pool.rig.read('src/one.txt')).toBe('ok\n');
  });

  test('commits to the target: what it put there does not stay, and is kept', async () => {
    await using pool = await hostile('echo bad > bad.txt; git add bad.txt; git commit -qm bad; git update-ref refs/heads/release HEAD', { config: 'pool: { target: release }\n' });
    await pool.stop();
    await pool.rig.git('branch', '-f', 'release', 'main');
    const before = await pool.rig.git('rev-parse', 'release');
    await pool.daemon();
    await pool.inject('one');
    const asked = await pool.reach('one', 'NEEDS_ATTENTION');
    expect(asked).toMatchObject({ kind: 'VALIDATION' });
    expect(asked.attention_reason).toContain('release');
    expect(await pool.rig.git('rev-parse', 'release')).toBe(before);
    expect(await pool.rig.git('for-each-ref', '--format=%(refname)', 'refs/orchestrator/backup/one/')).not.toBe('');
  });

  test('prints a gigabyte: the log is cut, the unit lands', async () => {
    await using pool = await hostile('head -c 300000000 /dev/zero | tr "\\0" "x\\n"\nmkdir -p src; echo ok > src/one.txt', { config: 'limits: { max_log_bytes: 1000000 }\n' });
    await pool.inject('one');
    await until('it to land', async () => (await pool.unit('one'))?.status === 'COMPLETED', 60_000);
  });

  test('a gate that hangs is ended, with all that it started', async () => {
    await using pool = await hostile('mkdir -p src; echo ok > src/one.txt', { config: 'pool: { gate: "sleep 1000 & sleep 1000" }\nlimits: { turn_timeout: 2s }\n' });
    await pool.inject('one');
    await until('the gate to be red', async () => (await pool.unit('one'))?.kind === 'GATE_RED', 60_000);
  });

  test('a worktree that was removed by hand is made again', async () => {
    await using pool = await hostile('if [ ! -e "$RIG/once" ]; then touch "$RIG/once"; echo \'{"outcome": "blocked", "question": "?"}\' > "$ORCHESTRATOR_OUTCOME"; exit 0; fi\nmkdir -p src; echo ok > src/one.txt');
    await pool.inject('one');
    const asked = await pool.reach('one', 'NEEDS_ATTENTION');
    await rm(asked.worktree ?? '', { recursive: true });
    await pool.rig.run(['answer', 'one', 'go on']);
    await pool.reach('one', 'COMPLETED');
  });
});

describe('in the sandbox', () => {
  test("an agent sees neither the pool's store nor the worktrees of others, and writes nowhere but in its own", async () => {
    await using pool = await createPoolRig({
      sandbox: 'auto',
      agent: `cat > /dev/null
mkdir -p src
{ for path in ../../token ../../state.db ../two ../../daemon.json; do [ "../$ORCHESTRATOR_UNIT" != "$path" ] && [ -e "$path" ] && echo "sees $path"; done
  (echo x >> ../../../agent.sh) 2>/dev/null
  git status --porcelain > /dev/null || echo "git fails"
  echo "done"; } > "src/$ORCHESTRATOR_UNIT.txt"
`,
    });
    for (const name of ['one', 'two']) await pool.chunk(name);
    await pool.rig.commit();
    await pool.daemon();
    await pool.inject('one', 'two');
    for (const name of ['one', 'two']) {
      await pool.reach(name, 'COMPLETED');
      expect(await pool.rig.read(`src/${name}.txt`)).toBe('done\n');
    }
    // Its /tmp, in which the test lies, is its own: what it wrote there is nowhere.
    expect(await pool.rig.read('agent.sh')).not.toContain('\nx\n');
  });

  test('a gate runs in it too, as what it runs is what an agent wrote', async () => {
    const escaped = `/var/tmp/orchestrator-escaped-${process.pid}`;
    await using pool = await createPoolRig({
      sandbox: 'auto',
      agent: 'cat > /dev/null\nmkdir -p src; printf \'#!/bin/sh\\n! touch "$1" 2> /dev/null\\n\' > src/test.sh; chmod +x src/test.sh\n',
      config: `pool: { gate: [src/test.sh, "${escaped}"] }\n`,
    });
    await pool.chunk('one');
    await pool.rig.commit();
    await pool.daemon();
    await pool.inject('one');
    await pool.reach('one', 'COMPLETED');
    expect(existsSync(escaped)).toBe(false);
  });
});
