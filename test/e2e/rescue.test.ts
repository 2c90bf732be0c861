import { execFileSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRescueId } from '../../src/bus/rescue-refs.ts';
import { ID, REF, addRemote, keep } from '../rig/kept-work.ts';
import { createRig, processesOf, until } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

interface Rescue {
  readonly id: string;
  readonly commit: string;
  readonly base: string | null;
  readonly where: string;
}

const refs = (rig: Rig, folder?: string): Promise<string> => rig.git(...(folder === undefined ? [] : ['-C', folder]), 'for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue/');
const list = async (rig: Rig): Promise<{ rescues: Rescue[]; warnings: string[] }> => (await rig.json<{ rescues: Rescue[]; warnings: string[] }>(['rescue', 'list'])).document.data;

describe('list and show', () => {
  test('what is kept here, on the remote and on both', async () => {
    await using rig = await createRig();
    await addRemote(rig);
    const base = await rig.git('rev-parse', 'HEAD');
    const both = await keep(rig, [{ 'a.txt': 'a\n' }]);
    await rig.git('push', '-q', 'origin', REF);
    await keep(rig, [{ 'b.txt': 'b\n' }, { 'b.txt': 'b\nb\n', 'bin.dat': '\0' }], `${REF}-leftover`);
    // Only the remote has this one; its commit is not in this checkout.
    await rig.git('clone', '-q', `${rig.root}/remote.git`, `${rig.root}/other`);
    await rig.git('-C', `${rig.root}/other`, 'commit', '-q', '--allow-empty', '-m', 'from elsewhere');
    await rig.git('-C', `${rig.root}/other`, 'push', '-q', 'origin', 'HEAD:refs/orchestrator/rescue/turn_elsewhere');
    const found = await list(rig);
    expect(found.warnings).toEqual([]);
    expect(found.rescues).toEqual([
      expect.objectContaining({ id: 'turn_elsewhere', subject: 'from elsewhere', where: 'remote', files_changed: 0, base }),
      { id: ID, commit: both, base, subject: 'kept 1', at: expect.stringMatching(/^\d{4}-.*Z$/), files_changed: 1, where: 'both', applied: false },
      expect.objectContaining({ id: `${ID}-leftover`, subject: 'kept 2', where: 'local', files_changed: 2 }),
    ]);
    const text = (await rig.run(['rescue', 'list'])).stdout;
    expect(text).toContain(`${ID}-leftover`);
    expect(text).toContain('here and remote');

    // The whole id means that one, though another begins with it; a beginning must be of one only.
    expect((await rig.json(['rescue', 'show', ID])).document.data).toMatchObject({ id: ID, commit: both, stat: [{ path: 'a.txt', added: 1, removed: 0 }], commits: [{ commit: both, subject: 'kept 1' }] });
    expect((await rig.json(['rescue', 'show', `${ID}-l`])).document.data).toMatchObject({ stat: [{ path: 'b.txt', added: 2, removed: 0 }, { path: 'bin.dat', added: null, removed: null }], commits: [{ subject: 'kept 1' }, { subject: 'kept 2' }] });
    expect(await rig.json(['rescue', 'show', 'turn_mbx'])).toMatchObject({ code: 2, document: { error: { code: 'rescue_ambiguous' } } });
    expect((await rig.run(['rescue', 'show', ID])).stdout).toContain('+1 -0  a.txt');
  });

  test('work that shares nothing with the branch is shown whole', async () => {
    await using rig = await createRig();
    const commit = await rig.git('commit-tree', '-m', 'another beginning', 'HEAD^{tree}');
    await rig.git('update-ref', REF, commit);
    const { code, document } = await rig.json<Rescue & { stat: unknown[] }>(['rescue', 'show', ID]);
    expect([code, document.data.base]).toEqual([0, null]);
    expect(document.data.stat.length).toBe((await rig.git('ls-tree', '-r', '--name-only', 'HEAD')).split('\n').length);
  });

  test('nothing kept, and no remote: said, not failed', async () => {
    await using rig = await createRig();
    const { code, stdout, stderr } = await rig.run(['rescue', 'list']);
    expect(code).toBe(0);
    expect(stdout).toBe('No work is kept aside.\n');
    expect(stderr).toContain('There is no remote origin');
  });

  test('a remote that does not answer is a warning, in time, and nothing of it is left behind', async () => {
    await using rig = await createRig();
    await keep(rig, [{ 'a.txt': 'a\n' }]);
    await rig.git('remote', 'add', 'origin', `${rig.root}/nowhere.git`);
    expect(await list(rig)).toMatchObject({ rescues: [{ id: ID, where: 'local' }], warnings: [expect.stringContaining('does not answer')] });
    await writeFile(`${rig.root}/ssh`, '#!/bin/sh\nsleep 600\n');
    await chmod(`${rig.root}/ssh`, 0o755);
    await rig.git('remote', 'set-url', 'origin', 'ssh://example.invalid/x.git');
    await rig.git('config', 'core.sshCommand', `${rig.root}/ssh`);
    const began = performance.now();
    expect(await list(rig)).toMatchObject({ rescues: [{ id: ID, where: 'local' }], warnings: [expect.stringContaining('no answer within 5 s')] });
    expect(performance.now() - began).toBeLessThan(20_000);
    const waiting = rig.start(['rescue', 'drop', ID, '--yes']);
    await until('the remote to be asked', async () => (await processesOf(`${rig.root}/ssh`)).length > 0);
    waiting.kill('SIGINT');
    expect((await waiting.ended).code).toBe(130);
    expect(await refs(rig)).toBe(REF);
  });

  test('the same id with other work on the remote is a second entry, with a warning', async () => {
    await using rig = await createRig();
    await addRemote(rig);
    const other = await keep(rig, [{ 'a.txt': 'other\n' }]);
    await rig.git('push', '-q', 'origin', REF);
    const mine = await keep(rig, [{ 'a.txt': 'mine\n' }]);
    const found = await list(rig);
    expect(found.rescues).toMatchObject([{ commit: mine, where: 'local' }, { commit: other, where: 'remote' }]);
    expect(found.warnings).toEqual([expect.stringContaining('keeps other work')]);
    expect((await rig.json(['rescue', 'drop', ID, '--yes'])).document.data).toMatchObject({ commit: mine, local: true, remote: false });
    expect((await list(rig)).rescues).toMatchObject([{ commit: other, where: 'remote' }]);
  });
});

describe('ids', () => {
  test('what passes as one is a ref for git too, and no option', () => {
    const pieces = fc.constantFrom('a', '.', '..', '/', '-', '@', '{', '@{', '.lock', '~', '^', ':', '?', '*', '[', '\\', ' ', '\x7f', '\t', 'ü', 'turn_1');
    fc.assert(
      fc.property(fc.oneof(fc.array(pieces, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')), fc.string({ minLength: 1, maxLength: 8, unit: 'binary' })), (id) => {
        fc.pre(isRescueId(id));
        expect(id).not.toMatch(/^-|\//);
        execFileSync('git', ['check-ref-format', `refs/orchestrator/rescue/${id}`]);
      }),
      { numRuns: 100 },
    );
    for (const id of [ID, `${ID}-leftover`, 'a', 'A.1']) expect(isRescueId(id)).toBe(true);
  });

  test('an unknown one: exit 3, with what was probably meant', async () => {
    await using rig = await createRig();
    await keep(rig, [{ 'a.txt': 'a\n' }]);
    for (const command of ['show', 'apply', 'drop']) {
      const { code, document } = await rig.json(['rescue', command, `${ID.slice(0, -1)}x`]);
      expect(code).toBe(3);
      expect(document.error).toMatchObject({ code: 'rescue_not_found', message: expect.stringContaining(`Did you mean "${ID}"?`) });
    }
  });

  test.each(['../../heads/main', 'a..b', 'a/b', '.hidden', 'a b', 'a~1', 'a^', 'a:b', 'a*', '@', 'a@{1}', 'a.lock', 'a\\b', '-d', ''])('%j is refused: exit 2, nothing is touched', async (id) => {
    await using rig = await createRig();
    const { code, stdout } = await rig.run(['rescue', 'drop', '--json', '--yes', '--', id]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'input_invalid' } });
    expect(await rig.git('branch', '--format=%(refname)')).toBe('refs/heads/main');
  });
});

describe('drop', () => {
  test('work that the branch does not have: exit 2 without --yes', async () => {
    await using rig = await createRig();
    await addRemote(rig);
    const kept = await keep(rig, [{ 'a.txt': 'a\n' }]);
    await rig.git('push', '-q', 'origin', REF);
    const { code, document } = await rig.json(['rescue', 'drop', ID]);
    expect(code).toBe(2);
    expect(document.error).toMatchObject({ code: 'rescue_not_applied', hint: expect.stringContaining('--yes') });
    expect(await refs(rig)).toBe(REF);
    expect((await rig.json(['rescue', 'drop', ID, '--yes'])).document.data).toEqual({ id: ID, commit: kept, local: true, remote: true, warnings: [] });
    expect(await refs(rig)).toBe('');
    expect(await refs(rig, `${rig.root}/remote.git`)).toBe('');
  });

  test('work that was applied needs no --yes, even as other commits', async () => {
    await using rig = await createRig();
    await keep(rig, [{ 'a.txt': 'a\n' }]);
    await rig.write('on.txt', 'on\n');
    await rig.commit('the branch went on');
    expect((await rig.run(['rescue', 'apply', ID])).code).toBe(0);
    expect((await rig.run(['rescue', 'list'])).stdout).toContain('on this branch already');
    const dropped = await rig.run(['rescue', 'drop', ID]);
    expect(dropped.stdout).toContain(`Dropped ${ID} here.`);
    expect(await refs(rig)).toBe('');
  });

  test('a remote that does not let go: a warning while there is one here, else exit 6', async () => {
    await using rig = await createRig();
    await addRemote(rig);
    await keep(rig, [{ 'a.txt': 'a\n' }]);
    await rig.git('push', '-q', 'origin', REF);
    await rig.git('-C', `${rig.root}/remote.git`, 'config', 'receive.hideRefs', 'refs/orchestrator');
    expect((await rig.json(['rescue', 'drop', ID, '--yes'])).document.data).toMatchObject({ local: true, remote: false, warnings: [expect.stringContaining('did not let')] });
    expect(await rig.json(['rescue', 'drop', ID, '--yes'])).toMatchObject({ code: 6, document: { error: { code: 'remote_unavailable' } } });
    expect(await refs(rig, `${rig.root}/remote.git`)).toBe(REF);
  });
});
