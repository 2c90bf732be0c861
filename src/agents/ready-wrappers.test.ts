import { tmpdir } from 'node:os';
import { expect, test, vi } from 'vitest';
import { groupAlive } from '../process/group.ts';
import type { Wrapper } from '../process/wrapper.ts';
import { createReadyWrappers } from './ready-wrappers.ts';
import type { ReadyWrappers } from './ready-wrappers.ts';

const placeOf = (who: string) => ({ cwd: tmpdir(), env: { PATH: process.env['PATH'] ?? '', WHO: who } });

/** Takes one as soon as it waits, and says its group. */
const takeSoon = async (ready: ReadyWrappers, who: string): Promise<Wrapper> => await vi.waitFor(() => ready.take(placeOf(who)) ?? expect.fail(`no wrapper waits for ${who}`));

test('two agents that take turns find the same two wrappers again, each its own', async () => {
  const ready = createReadyWrappers();
  expect(ready.take(placeOf('galph'))).toBeNull();
  ready.prepare();
  expect(ready.take(placeOf('ralph'))).toBeNull();
  ready.prepare();
  const groups = new Map<string, number | undefined>();
  for (const who of ['galph', 'ralph', 'galph', 'ralph']) {
    const taken = await takeSoon(ready, who);
    expect(taken.pid).toBe(groups.get(who) ?? taken.pid);
    groups.set(who, taken.pid);
    expect(ready.take(placeOf(who)), 'one agent at a time').toBeNull();
    ready.prepare();
    taken.release(true);
  }
  expect(new Set(groups.values()).size).toBe(2);
  ready.close();
  for (const pid of groups.values()) await vi.waitFor(() => expect(groupAlive(pid ?? 0)).toBe(false));
});

test('an agent that has not come for two others loses its own; one that was released as unclean is replaced', async () => {
  const ready = createReadyWrappers();
  ready.take(placeOf('old'));
  ready.prepare();
  const old = await takeSoon(ready, 'old');
  old.release(true);
  for (const who of ['a', 'b']) ready.take(placeOf(who));
  ready.prepare();
  await vi.waitFor(() => expect(groupAlive(old.pid ?? 0)).toBe(false));
  const a = await takeSoon(ready, 'a');
  a.release(false);
  await vi.waitFor(() => expect(groupAlive(a.pid ?? 0)).toBe(false));
  ready.prepare();
  expect((await takeSoon(ready, 'a')).pid).not.toBe(a.pid);
  ready.close();
});
