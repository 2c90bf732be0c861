import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { findWorkspace } from './find-workspace.ts';

describe('the workspace', () => {
  let top: string;
  beforeEach(async () => {
    top = await realpath(await mkdtemp(join(tmpdir(), 'workspace-')));
    await mkdir(join(top, 'repo/sub/deep'), { recursive: true });
  });
  const found = async (directory: string | null, config: string | null = null, cwd = join(top, 'repo')) => {
    const result = await findWorkspace({ directory, config, cwd });
    return result.ok ? result.value : result.failure;
  };

  test('is the nearest folder upwards with an orchestration.yaml', async () => {
    await writeFile(join(top, 'repo/orchestration.yaml'), '');
    await mkdir(join(top, 'repo/sub/.git'));
    expect(await found('sub/deep')).toEqual({ workspace: join(top, 'repo'), file: join(top, 'repo/orchestration.yaml') });
    await writeFile(join(top, 'repo/sub/orchestration.yaml'), '');
    expect(await found('sub/deep')).toEqual({ workspace: join(top, 'repo/sub'), file: join(top, 'repo/sub/orchestration.yaml') });
  });

  test('is the git root where there is no such file; a worktree\'s .git is a file', async () => {
    await mkdir(join(top, 'repo/.git'));
    expect(await found('sub/deep')).toEqual({ workspace: join(top, 'repo'), file: null });
    await writeFile(join(top, 'repo/sub/.git'), 'gitdir: elsewhere\n');
    expect(await found('sub/deep')).toEqual({ workspace: join(top, 'repo/sub'), file: null });
  });

  test('is the folder of a file named outright', async () => {
    await writeFile(join(top, 'repo/sub/other.yaml'), '');
    expect(await found(null, 'sub/other.yaml')).toEqual({ workspace: join(top, 'repo/sub'), file: join(top, 'repo/sub/other.yaml') });
    expect(await found('sub', 'other.yaml')).toMatchObject({ workspace: join(top, 'repo/sub') });
    expect(await found(null, 'none.yaml')).toMatchObject({ code: 'config_not_found', kind: 'not_found' });
    expect(await found(null, 'sub')).toMatchObject({ code: 'config_not_found' });
  });

  test('a folder that is none, and a folder of nothing, are failures', async () => {
    expect(await found('none')).toMatchObject({ code: 'directory_not_found', kind: 'not_found' });
    expect(await found(null)).toMatchObject({ code: 'not_a_repository', kind: 'precondition' });
  });
});
