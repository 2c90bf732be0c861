import { WebSocket } from 'ws';
import { expect, test } from 'vitest';
import { TABLE } from '../../src/pool/transition.ts';
import type { UnitEvent } from '../../src/pool/transition.ts';
import type { UnitStatus } from '../../src/pool/unit.ts';
import { createPoolRig } from '../rig/pool-rig.ts';
import { until } from '../rig/rig.ts';

interface Told {
  readonly event: UnitEvent;
  readonly from: UnitStatus;
  readonly status: UnitStatus;
  readonly chunk: string;
  readonly phase: string | null;
  readonly kind: string | null;
  readonly attention_reason: string | null;
}

/** Some work, some ask, some fail, some conflict, some are sent back. */
const AGENT = `cat > /dev/null
mkdir -p src
case "$ORCHESTRATOR_UNIT" in
  asks) [ -n "$ORCHESTRATOR_ANSWER" ] || { echo '{"outcome": "blocked", "question": "?"}' > "$ORCHESTRATOR_OUTCOME"; exit 0; } ;;
  fails) echo '{"outcome": "failed", "summary": "no"}' > "$ORCHESTRATOR_OUTCOME"; exit 0 ;;
  clash-*) echo "$ORCHESTRATOR_UNIT" >> src/shared.txt ;;
esac
echo "$ORCHESTRATOR_UNIT" >> "src/$ORCHESTRATOR_UNIT.txt"
`;

test('a mixed lot of units: only along the table, slots and claims kept, attention with kind and reason, every event to every subscriber once and in order', async () => {
  await using pool = await createPoolRig({ agent: AGENT, config: 'pool: { max_agents: 2 }\n' });
  const { rig } = pool;
  const names = ['asks', 'fails', 'clash-a', 'clash-b', 'clash-c', 'plain-a', 'plain-b', 'later'];
  for (const name of names) {
    await pool.chunk(name, name.startsWith('clash') ? { plan: '1. Do it.\n   Location: src/shared.txt\n' } : name === 'later' ? { goal: 'depends_on: [asks]\n' } : {});
  }
  await rig.commit();
  await pool.daemon();
  const { url } = JSON.parse(await rig.read('.orchestrator/daemon.json')) as { url: string };
  const token = (await rig.read('.orchestrator/token')).trim();
  const listen = (since: number | null) => {
    const heard: { seq: number; type: string; data: unknown }[] = [];
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws${since === null ? '' : `?since=${since}`}`, { headers: { authorization: `Bearer ${token}` } });
    socket.on('message', (text: Buffer) => {
      const frame = JSON.parse(text.toString()) as { seq?: number; type: string; data?: unknown };
      if (frame.seq !== undefined && frame.type !== 'hello' && frame.type !== 'snapshot') heard.push({ seq: frame.seq, type: frame.type, data: frame.data });
    });
    return { heard, socket, open: new Promise((resolve) => socket.once('open', resolve)) };
  };
  const whole = listen(0);
  const torn = listen(0);
  await Promise.all([whole.open, torn.open]);
  await pool.inject(...names);
  await until('a few events', () => torn.heard.length > 12);
  torn.socket.terminate();
  const resumed = listen(torn.heard.at(-1)?.seq ?? 0);
  await pool.reach('asks', 'NEEDS_ATTENTION');
  await pool.reach('fails', 'FAILED');
  await rig.run(['answer', 'asks', 'yes']);
  for (const name of names.filter((each) => each !== 'fails')) await pool.reach(name, 'COMPLETED');

  const stored = await pool.events();
  await until('the last event everywhere', () => whole.heard.at(-1)?.seq === stored.at(-1)?.seq && resumed.heard.at(-1)?.seq === stored.at(-1)?.seq);
  const plain = stored.map(({ seq, type, data }) => ({ seq, type, data }));
  expect(whole.heard).toEqual(plain);
  expect([...torn.heard, ...resumed.heard]).toEqual(plain);
  whole.socket.close();
  resumed.socket.close();

  const slots = new Set<string>();
  const claims = new Set<string>();
  for (const { type, data } of stored) {
    if (type !== 'unit.changed') continue;
    const told = data as Told;
    expect([told.from, told.event, TABLE[told.from][told.event]]).toEqual([told.from, told.event, told.status]);
    if (told.status === 'NEEDS_ATTENTION') expect([typeof told.kind, (told.attention_reason ?? '').length > 0]).toEqual(['string', true]);
    if (told.status === 'ASSIGNED') claims.add(told.chunk);
    if (told.status === 'COMPLETED' || told.status === 'FAILED') claims.delete(told.chunk);
    if (told.status === 'ASSIGNED' || (told.status === 'RUNNING' && told.phase !== 'MERGE')) slots.add(told.chunk);
    else slots.delete(told.chunk);
    expect(slots.size).toBeLessThanOrEqual(2);
    expect([...claims].filter((chunk) => chunk.startsWith('clash')).length).toBeLessThanOrEqual(1);
  }
  expect((await rig.read('src/shared.txt')).trim().split('\n').toSorted()).toEqual(['clash-a', 'clash-b', 'clash-c']);
});
