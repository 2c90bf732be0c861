import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../src/process/identity.ts';
import { openStore } from '../../src/store/store.ts';
import { aUnit } from '../rig/a-unit.ts';
import { ask, daemonStatusOf, startDaemon } from '../rig/daemon.ts';
import { createRig, until } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

type Status = Awaited<ReturnType<typeof daemonStatusOf>>;
const status = (rig: Rig): Promise<Status> => daemonStatusOf(rig.dir);
const NOT_RUNNING: Status = { running: false, pid: null, url: null, started_at: null, units: {} };

describe('start, stop, status, url', () => {
  test('from the first start to the last word', async () => {
    await using rig = await createRig();
    expect(await rig.json(['daemon', 'status'])).toMatchObject({ code: 0, document: { ok: true, data: NOT_RUNNING } });
    expect(await rig.json(['daemon', 'stop'])).toMatchObject({ code: 0, document: { data: { stopped: false, pid: null } } });
    expect(await rig.json(['daemon', 'url'])).toMatchObject({ code: 6, document: { error: { code: 'daemon_not_running', hint: 'orchestrator daemon start' } } });

    const { code, stdout } = await rig.run(['daemon', 'start', '--port', '0']);
    const [url = ''] = stdout.split('\n');
    expect([code, url]).toEqual([0, expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)]);
    const running = (await rig.json<Status>(['daemon', 'status'])).document.data;
    expect(running).toEqual({ running: true, pid: expect.any(Number), url, started_at: expect.stringMatching(/^\d{4}-.*Z$/), units: {} });
    expect((await ask(url, '/health')).json()).toEqual({ ok: true, version: expect.any(String) });
    expect((await rig.run(['daemon', 'url'])).stdout).toMatch(new RegExp(`^${url}/login\\?code=[\\w-]{32}\n$`));

    const port = new URL(url).port;
    for (const args of [[], ['--port', '0'], ['--port', port], ['--host', '127.0.0.1']]) {
      expect(await rig.json(['daemon', 'start', ...args]), args.join(' ')).toMatchObject({ code: 0, document: { data: { url, pid: running.pid, found: true } } });
    }
    expect(await rig.json(['daemon', 'start', '--port', String(Number(port) - 1)])).toMatchObject({ code: 4, document: { error: { code: 'daemon_running' } } });

    expect(await rig.json(['daemon', 'stop'])).toMatchObject({ code: 0, document: { data: { stopped: true, pid: running.pid } } });
    expect(isAlive(running.pid ?? 0, null)).toBe(false);
    expect(await status(rig)).toEqual(NOT_RUNNING);
    expect(existsSync(rig.path('.orchestrator/daemon.json'))).toBe(false);
  });

  test('its files are for nobody else, and git sees none of them', async () => {
    await using rig = await createRig();
    await rig.write('.gitignore', '');
    await rig.commit('nothing is ignored');
    await using daemon = await startDaemon(rig);
    for (const file of ['token', 'daemon.json', 'daemon.log', 'daemon.out', 'state.db']) expect(((await stat(rig.path('.orchestrator', file))).mode & 0o777).toString(8), file).toBe('600');
    expect(daemon.token).toMatch(/^[0-9a-f]{64}$/);
    expect(await rig.git('status', '--porcelain', '--untracked-files=all')).toBe('');
    expect(await rig.read('.orchestrator/daemon.log')).not.toContain(daemon.token);
  });

  test('the token stays from one daemon to the next', async () => {
    await using rig = await createRig();
    const tokens: string[] = [];
    for (let round = 0; round < 2; round++) {
      await using daemon = await startDaemon(rig);
      tokens.push(daemon.token);
    }
    expect(tokens[0]).toBe(tokens[1]);
  });

  test('starts at once: one daemon, and each is told of it', async () => {
    await using rig = await createRig();
    const ended = await Promise.all(Array.from({ length: 3 }, () => rig.json<{ pid: number; url: string; found: boolean }>(['daemon', 'start', '--port', '0'])));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(ended.map(({ document }) => document.data.pid)).size).toBe(1);
    expect(ended.filter(({ document }) => !document.data.found).length).toBe(1);
    await rig.run(['daemon', 'stop']);
  });

  test.skipIf(process.platform !== 'linux')('not even its lock file taken away makes room for a second one', async () => {
    await using rig = await createRig();
    await using daemon = await startDaemon(rig);
    for (const file of ['daemon.lock', 'daemon.json']) await rm(rig.path('.orchestrator', file));
    for (const args of [[], ['--foreground']]) expect(await rig.json(['daemon', 'start', '--port', '0', ...args])).toMatchObject({ code: 4, document: { error: { code: 'daemon_running' } } });
    expect((await daemon.ask('/')).status).toBe(200);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends one in the foreground in good order', async (signal) => {
    await using rig = await createRig();
    const running = rig.start(['daemon', 'start', '--foreground', '--port', '0']);
    await until('the daemon', () => running.output().stderr.includes('The daemon runs at http://127.0.0.1:'));
    expect(await status(rig)).toMatchObject({ running: true, pid: running.pid });
    running.kill(signal);
    expect(await running.ended).toMatchObject({ code: 0, stdout: '' });
    expect(await status(rig)).toEqual(NOT_RUNNING);
    expect(await rig.read('.orchestrator/daemon.log')).toContain('the daemon ends');
  });
});

describe('after kill -9', () => {
  test('status says so, and the next start has what was stored', async () => {
    await using rig = await createRig();
    const killed = await startDaemon(rig);
    process.kill(killed.pid, 'SIGKILL');
    await until('its end', () => !isAlive(killed.pid, null));
    expect(await rig.json(['daemon', 'status'])).toMatchObject({ code: 0, document: { data: NOT_RUNNING } });
    const store = await openStore(rig.path('.orchestrator/state.db'));
    if (!store.ok) throw new Error(store.failure.message);
    const at = '2026-01-01T00:00:00Z';
    await store.value.write(async ({ db, append }) => {
      await db.insertInto('units').values({ id: 'u1', chunk: 'a', status: 'BLOCKED', phase: null, priority: 0, live: 1, version: 1, created_at: at, updated_at: at, data: JSON.stringify(aUnit({ chunk: 'a', status: 'BLOCKED', waits: [{ on: 'operator', chunk: null }] })) }).execute();
      await append({ type: 'unit.injected', unit: 'u1', data: null });
    });
    await store.value.close();
    await using daemon = await startDaemon(rig);
    expect(daemon.pid).not.toBe(killed.pid);
    expect(await status(rig)).toMatchObject({ running: true, pid: daemon.pid, units: { BLOCKED: 1 } });
  });

  test('a stranger that has its number now is neither taken for it nor ended', async () => {
    await using rig = await createRig();
    await using daemon = await startDaemon(rig);
    const record = JSON.parse(await rig.read('.orchestrator/daemon.json')) as Record<string, unknown>;
    await rig.run(['daemon', 'stop']);
    const stranger = spawn('sleep', ['60']);
    try {
      await writeFile(rig.path('.orchestrator/daemon.json'), JSON.stringify({ ...record, pid: stranger.pid }));
      expect(await status(rig)).toMatchObject({ running: false });
      expect(await rig.json(['daemon', 'stop'])).toMatchObject({ code: 0, document: { data: { stopped: false } } });
      expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
      expect(daemon.pid).not.toBe(stranger.pid);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  test('a copy of the workspace has no daemon', async () => {
    await using rig = await createRig();
    await using daemon = await startDaemon(rig);
    const copy = join(rig.root, 'copy');
    await cp(rig.dir, copy, { recursive: true });
    expect((await daemonStatusOf(copy)).running).toBe(false);
    expect((await rig.json(['daemon', 'stop'], { cwd: copy })).document.data).toMatchObject({ stopped: false });
    expect(isAlive(daemon.pid, null)).toBe(true);
  });
});

describe('what does not start', () => {
  test.each([[[]], [['--foreground']]])('a port that is taken %j', async (args) => {
    await using rig = await createRig();
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const { code, document } = await rig.json(['daemon', 'start', '--port', String(port), ...args]);
      expect([code, document.error.code, document.error.message]).toEqual([4, 'port_taken', `Something else listens on 127.0.0.1:${port} already.`]);
    } finally {
      other.close();
    }
    expect(await status(rig)).toEqual(NOT_RUNNING);
  });

  test('other machines are let in only with a token that was written on purpose', async () => {
    await using rig = await createRig();
    const refused = await rig.json(['daemon', 'start', '--port', '0', '--host', '0.0.0.0']);
    expect([refused.code, refused.document.error.code]).toEqual([5, 'token_needed']);
    expect(existsSync(rig.path('.orchestrator/token'))).toBe(false);
    await rig.write('.orchestrator/token', 'short\n');
    expect((await rig.json(['daemon', 'start', '--port', '0', '--host', '0.0.0.0'])).code).toBe(5);
    await rig.write('.orchestrator/token', 'a token of my own choosing\n');
    await using daemon = await startDaemon(rig, ['--host', '0.0.0.0']);
    expect(daemon.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect([(await ask(daemon.url, '/')).status, (await daemon.ask('/')).status]).toEqual([401, 200]);
    expect(await rig.json(['daemon', 'url'])).toMatchObject({ code: 0 });
  });

  test('an address that is none of this machine', async () => {
    await using rig = await createRig();
    await rig.write('.orchestrator/token', 'a token of my own choosing\n');
    expect(await rig.json(['daemon', 'start', '--port', '0', '--host', '192.0.2.1'])).toMatchObject({ code: 6, document: { error: { code: 'cannot_listen' } } });
  });

  test('a damaged store is refused, named and left as it is', async () => {
    await using rig = await createRig();
    await rig.write('.orchestrator/state.db', 'Dear diary');
    const { code, document } = await rig.json(['daemon', 'start', '--port', '0']);
    expect([code, document.error.code]).toEqual([6, 'store_corrupt']);
    expect(document.error.message).toContain(rig.path('.orchestrator/state.db'));
    expect(await readFile(rig.path('.orchestrator/state.db'), 'utf8')).toBe('Dear diary');
    expect(await rig.read('.orchestrator/daemon.log')).toContain('store_corrupt');
  });

  test('outside of a workspace', async () => {
    await using rig = await createRig({ bare: true });
    for (const verb of ['start', 'stop', 'status', 'url']) expect(await rig.json(['daemon', verb], { cwd: rig.root }), verb).toMatchObject({ code: 5, document: { error: { code: 'not_a_repository' } } });
  });
});

test('a token that somebody laid down before the first start does not let them in', async () => {
  await using rig = await createRig();
  await rig.write('.orchestrator/token', `${'a'.repeat(64)}\n`);
  const daemon = rig.start(['daemon', 'start', '--foreground', '--port', '0']);
  const record = await until('the daemon', async () => (rig.exists('.orchestrator/daemon.json') ? (JSON.parse(await rig.read('.orchestrator/daemon.json')) as { url: string }) : null));
  const answer = await fetch(`${record.url}/openapi.json`, { headers: { authorization: `Bearer ${'a'.repeat(64)}` } });
  expect(answer.status).toBe(401);
  const mine = (await rig.read('.orchestrator/token')).trim();
  expect((await fetch(`${record.url}/openapi.json`, { headers: { authorization: `Bearer ${mine}` } })).status).toBe(200);
  daemon.kill('SIGTERM');
  await daemon.ended;
  // Ours is kept from start to start.
  const again = rig.start(['daemon', 'start', '--foreground', '--port', '0']);
  await until('the daemon', () => rig.exists('.orchestrator/daemon.json'));
  expect((await rig.read('.orchestrator/token')).trim()).toBe(mine);
  again.kill('SIGTERM');
  await again.ended;
});
