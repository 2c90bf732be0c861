import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { addUnit, failureIn, folder, unitIds, value } from './store-rig.ts';

describe('the file of an embedded store', () => {
  test('is for nobody else to read, nor are its copies', async () => {
    await using home = await folder();
    const file = join(home.path, 'state.db');
    writeFileSync(file, '', { mode: 0o644 });
    const store = value(await openStore(file));
    await store.write((tx) => addUnit(tx, 'a'));
    const copy = await store.backup();
    for (const path of [file, `${file}-wal`, `${file}-shm`, copy]) expect(((await stat(path)).mode & 0o777).toString(8), path).toBe('600');
    await store.close();
  });

  test('a copy made while it is written to is whole; five are kept', async () => {
    await using home = await folder();
    const store = value(await openStore(join(home.path, 'state.db')));
    await store.write(async (tx) => {
      for (let n = 0; n < 200; n++) await addUnit(tx, `u${n}`, { data: JSON.stringify('x'.repeat(20_000)) });
    });
    const copying = store.backup();
    let more = 0;
    const state = { copied: false };
    void copying.then(() => (state.copied = true));
    while (!state.copied) {
      await store.write((tx) => addUnit(tx, `more-${more++}`));
      await new Promise(setImmediate);
    }
    const copies = [await copying];
    for (let n = 0; n < 7; n++) copies.push(await store.backup());
    expect(new Set(copies).size).toBe(8);
    expect((await readdir(join(home.path, 'backups'))).toSorted()).toEqual(copies.slice(-5).map((path) => path.slice(join(home.path, 'backups').length + 1)));
    const copied = value(await openStore(copies.at(-1) ?? '', { check: true }));
    expect((await unitIds(copied)).length).toBe(200 + more);
    await copied.close();
    await store.close();
  });

  test.each([
    ['cut in half', (file: string, size: number) => cut(file, Math.floor(size / 2))],
    ['cut to nothing', (file: string) => cut(file, 0)],
    ['no database', (file: string) => writeFileSync(file, 'Dear diary\n'.repeat(500))],
    ['a page of rubbish in its middle', (file: string, size: number) => overwrite(file, Math.floor(size / 2 / 4096) * 4096, 8192)],
  ])('%s: refused with the newest backup named, and not touched', async (_what, damage) => {
    await using home = await folder();
    const file = join(home.path, "it's state.db");
    const store = value(await openStore(file));
    await store.write(async (tx) => {
      for (let n = 0; n < 300; n++) await addUnit(tx, `u${n}`, { data: JSON.stringify('x'.repeat(500)) });
    });
    await store.backup();
    const newest = await store.backup();
    await store.close();
    damage(file, (await stat(file)).size);
    const before = await readFile(file);
    const failure = failureIn(await openStore(file, { check: true }));
    expect(failure).toMatchObject({ code: 'store_corrupt', kind: 'unavailable', details: { backup: newest } });
    expect(failure.message).toContain(file);
    expect(failure.hint).toContain(newest);
    expect((await readFile(file)).equals(before)).toBe(true);
  });

  test('another program\'s database and a damaged one without a backup', async () => {
    await using home = await folder();
    const foreign = join(home.path, 'foreign.db');
    const database = new DatabaseSync(foreign);
    database.exec('create table theirs (a)');
    database.close();
    expect(failureIn(await openStore(foreign))).toMatchObject({ code: 'store_corrupt', message: expect.stringContaining('another program'), hint: expect.stringContaining('no backup') });
  });

  test('a folder in its place, a folder that is not there', async () => {
    await using home = await folder();
    expect(failureIn(await openStore(home.path))).toMatchObject({ code: 'store_unusable', kind: 'unavailable' });
    await value(await openStore(join(home.path, 'a/b/state.db'))).close();
    await writeFile(join(home.path, 'file'), '');
    expect(failureIn(await openStore(join(home.path, 'file/state.db')))).toMatchObject({ kind: 'unavailable' });
  });
});

function cut(file: string, size: number): void {
  const descriptor = openSync(file, 'r+');
  ftruncateSync(descriptor, size);
  closeSync(descriptor);
}

function overwrite(file: string, at: number, length: number): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.alloc(length, 0xab), 0, length, at);
  closeSync(descriptor);
}
