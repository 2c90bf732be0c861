import { describe, expect, test } from 'vitest';
import type { StoredEvent } from '../../src/store/store.ts';
import { BACKENDS } from './store-backends.ts';
import { addUnit, event, failureIn, unit, unitIds, value } from './store-rig.ts';

describe.each(BACKENDS)('a store in $name', (backend) => {
  test('what a write did is there for every later read, and after the store was opened anew', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    await store.write((tx) => addUnit(tx, 'a'));
    expect(await unitIds(store)).toEqual(['a']);
    await store.close();
    expect(await unitIds(value(await place.open({ check: true })))).toEqual(['a']);
  });

  test('a write whose work throws leaves nothing, no event either', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    const published: StoredEvent[] = [];
    store.subscribe((events) => published.push(...events));
    const failing = store.write(async (tx) => {
      await addUnit(tx, 'a');
      await tx.append(event('unit.added'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await unitIds(store)).toEqual([]);
    expect([await store.lastSeq(), published]).toEqual([0, []]);
    await store.write((tx) => tx.append(event('next')));
    expect(published.map(({ seq }) => seq)).toEqual([1]);
  });

  test('writes that come at once are done one after the other', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    await store.write((tx) => tx.db.insertInto('settings').values({ key: 'n', value: '0' }).execute());
    let running = 0;
    await Promise.all(
      Array.from({ length: 200 }, () =>
        store.write(async ({ db }) => {
          running += 1;
          expect(running).toBe(1);
          const { value: n } = await db.selectFrom('settings').select('value').where('key', '=', 'n').executeTakeFirstOrThrow();
          await new Promise(setImmediate);
          await db.updateTable('settings').set({ value: String(Number(n) + 1) }).where('key', '=', 'n').execute();
          running -= 1;
        }),
      ),
    );
    expect(await store.read(({ db }) => db.selectFrom('settings').select('value').execute())).toEqual([{ value: '200' }]);
  });

  test('events: numbers without a gap, in order, published only after the commit, the same as are stored', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    const published: StoredEvent[] = [];
    let committed = 0;
    store.subscribe((events) => {
      // Published while the write's own promise is still open, but after the commit.
      published.push(...events);
      committed += 1;
    });
    await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) =>
        store.write(async (tx) => {
          const before = published.length;
          await tx.append(event('first', { n, left_out: undefined }, `unit-${n}`));
          await new Promise(setImmediate);
          await tx.append(event('second'));
          expect(published.length).toBe(before);
          if (n % 3 === 0) throw new Error('rolled back');
        }),
      ),
    );
    expect(committed).toBe(40);
    expect(published.map(({ seq }) => seq)).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
    expect(await store.events(0, 1000)).toEqual(published);
    expect(await store.events(78, 1000)).toEqual(published.slice(78));
    expect(await store.events(10, 3)).toEqual(published.slice(10, 13));
    expect(published[0]).toMatchObject({ type: 'first', unit: 'unit-1', data: { n: 1 }, at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) });
    expect(await store.lastSeq()).toBe(80);
  });

  test('a listener that throws harms neither the write nor the others; one that left hears nothing', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    const heard: number[] = [];
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const leave = store.subscribe(() => void heard.push(0));
    store.subscribe(() => {
      throw new Error('of a listener');
    });
    store.subscribe((events) => heard.push(...events.map(({ seq }) => seq)));
    leave();
    await store.write((tx) => tx.append(event('one')));
    expect(heard).toEqual([1]);
    expect((await warned).message).toBe('of a listener');
  });

  test('compare and swap by version: of two writers that saw the same version one wins', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    await store.write((tx) => addUnit(tx, 'a'));
    const swap = (status: string): Promise<number> =>
      store.write(async ({ db }) => Number((await db.updateTable('units').set({ status, version: 2 }).where('id', '=', 'a').where('version', '=', 1).executeTakeFirst()).numUpdatedRows));
    expect(await Promise.all([swap('READY'), swap('FAILED')])).toEqual([1, 0]);
    expect(await store.read(({ db }) => db.selectFrom('units').select(['status', 'version']).execute())).toEqual([{ status: 'READY', version: 2 }]);
  });

  test('a chunk has at most one live unit', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    await store.write(async (tx) => {
      await addUnit(tx, 'a', { chunk: 'same', live: 0 });
      await addUnit(tx, 'b', { chunk: 'same', live: 0 });
      await addUnit(tx, 'c', { chunk: 'same' });
    });
    await expect(store.write((tx) => addUnit(tx, 'd', { chunk: 'same' }))).rejects.toThrow();
    expect(await unitIds(store)).toEqual(['a', 'b', 'c']);
  });

  test('a read is one snapshot, whatever is written meanwhile, and refuses to write', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    await store.write((tx) => addUnit(tx, 'a'));
    const counts = await store.read(async ({ db }) => {
      const count = async (): Promise<number> => (await db.selectFrom('units').select('id').execute()).length;
      const before = await count();
      await store.write((tx) => addUnit(tx, 'b'));
      return [before, await count()];
    });
    expect(counts).toEqual([1, 1]);
    await expect(store.read(({ db }) => db.insertInto('units').values(unit('c')).execute())).rejects.toThrow();
    expect(await unitIds(store)).toEqual(['a', 'b']);
  });

  test('more reads at once than there are connections all get their turn', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    await store.write((tx) => addUnit(tx, 'a'));
    const reads = Array.from({ length: 50 }, () =>
      store.read(async ({ db }) => {
        await new Promise(setImmediate);
        return (await db.selectFrom('units').select('id').execute()).length;
      }),
    );
    expect(new Set(await Promise.all(reads))).toEqual(new Set([1]));
  });

  test('a transaction cannot be used once it is over, and a write cannot wait for another one inside it', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    const leaked = await store.write(async (tx) => tx);
    await expect(leaked.db.insertInto('units').values(unit('a')).execute()).rejects.toThrow('after the end');
    await expect(leaked.append(event('late'))).rejects.toThrow('after the end');
    const db = await store.read(async (tx) => tx.db);
    await expect(db.selectFrom('units').selectAll().execute()).rejects.toThrow('after the end');
    await expect(store.write(() => store.write((tx) => addUnit(tx, 'b')))).rejects.toThrow('wait for itself');
    await store.write((tx) => addUnit(tx, 'c'));
    expect(await unitIds(store)).toEqual(['c']);
  });

  test('a newer schema is refused and left untouched', async () => {
    await using place = await backend.place();
    await value(await place.open()).close();
    await place.makeNewer();
    const before = await place.bytes();
    for (const readonly of [false, true]) expect(failureIn(await place.open({ readonly }))).toMatchObject({ code: 'store_newer', kind: 'precondition' });
    expect((await place.bytes()).equals(before)).toBe(true);
  });

  test('for reading only: what is not there is not made, writes are refused, a writer beside it is followed', async () => {
    await using place = await backend.place();
    expect(failureIn(await place.open({ readonly: true }))).toMatchObject({ code: 'store_missing', kind: 'not_found' });
    const writer = value(await place.open());
    await writer.write((tx) => addUnit(tx, 'a'));
    const reader = value(await place.open({ readonly: true }));
    expect(await unitIds(reader)).toEqual(['a']);
    await expect(reader.write((tx) => addUnit(tx, 'b'))).rejects.toMatchObject({ failure: { code: 'store_readonly', kind: 'precondition' } });
    await writer.write(async (tx) => {
      await addUnit(tx, 'c');
      await tx.append(event('unit.added'));
    });
    expect([await unitIds(reader), await reader.lastSeq()]).toEqual([['a', 'c'], 1]);
    await writer.close();
    expect(await unitIds(reader)).toEqual(['a', 'c']);
  });

  test('closing waits for what is under way; later calls fail', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    const write = store.write(async (tx) => {
      await new Promise(setImmediate);
      await addUnit(tx, 'a');
    });
    const read = store.read(async ({ db }) => {
      await new Promise(setImmediate);
      return await db.selectFrom('units').selectAll().execute();
    });
    await store.close();
    await Promise.all([write, read]);
    const late = { failure: { code: 'store_closed', kind: 'unavailable' } };
    await expect(store.write((tx) => addUnit(tx, 'b'))).rejects.toMatchObject(late);
    await expect(store.lastSeq()).rejects.toMatchObject(late);
    expect(await unitIds(value(await place.open()))).toEqual(['a']);
  });

  test('10,000 units: what is asked often is found by an index', async () => {
    await using place = await backend.place();
    const store = value(await place.open());
    await store.write(async (tx) => {
      for (let from = 0; from < 10_000; from += 100) {
        await tx.db.insertInto('units').values(Array.from({ length: 100 }, (_, n) => unit(`u${from + n}`, { live: from === 0 ? 1 : 0 }))).execute();
      }
    });
    const often = [
      "select * from units where live = 1",
      "select * from units where live = 0 order by updated_at desc limit 20",
      "select * from units where id = 'u5'",
      "select * from units where chunk = 'u5'",
      "select * from merges where state = 'QUEUED'",
      'select * from attempts where ended_at is null',
      'select * from events where seq > 5 order by seq limit 100',
      "select * from events where unit = 'u5' order by seq",
      "select * from pairs where a = 'a' and b = 'b'",
    ];
    for (const query of often) expect(await place.plan(store, query), query).not.toMatch(place.scans);
    expect((await store.read(({ db }) => db.selectFrom('units').select('id').where('live', '=', 1).execute())).length).toBe(100);
  });
});
