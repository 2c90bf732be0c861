import { expect, test } from 'vitest';
import { openForkServer } from '../../src/process/fork-server.ts';
import { processIdentity } from '../../src/process/identity.ts';
import { tempFolder, until } from './rig.ts';

const env = { PATH: process.env['PATH'] ?? '' };
const SHELL = ['sh', '-c'] as const;

async function serverIn(cwd: string) {
  return openForkServer(['sh', '-c', 'eval "$0"'], { cwd, env, input_file: `${cwd}/input` });
}

test('commands run one after another, each with its own output, error output and exit code', async () => {
  await using folder = await tempFolder();
  const server = await serverIn(folder.path);
  expect(await server.run(['pwd; echo complaint >&2; exit 3'])).toEqual({ code: 3, stdout: `${folder.path}\n`, stderr: 'complaint\n' });
  expect(await server.run(['printf "no end"'])).toEqual({ code: 0, stdout: 'no end', stderr: '' });
  expect(await server.run(['true'])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await server.run(['kill -9 $$'])).toMatchObject({ code: 137 });
  await server.close();
});

test('arguments are data: quotes, dollars, backslashes, line ends, empty ones', async () => {
  await using folder = await tempFolder();
  const server = openForkServer(['printf', '<%s>'], { cwd: folder.path, env });
  const odd = ['$(touch bad)', '`id`', 'a\nb\n', '', "'\"", '\\n\\', ' blank ', '-n', 'ü€😀', '\n'];
  expect((await server.run(odd)).stdout).toBe(odd.map((word) => `<${word}>`).join(''));
  await server.close();
});

test('arguments with a usual beginning arrive like all others', async () => {
  await using folder = await tempFolder();
  const server = openForkServer(['printf', '<%s>'], { cwd: folder.path, env, usual: [['a', '--b=c'], ['d']] });
  for (const words of [['a', '--b=c', 'x y'], ['a', '--b=c'], ['a', '--b'], ['d', 'a', '--b=c'], ['e']]) {
    expect((await server.run(words)).stdout).toBe(words.map((word) => `<${word}>`).join(''));
  }
  await server.close();
  expect(() => openForkServer(['printf'], { cwd: folder.path, env, usual: [['$(id)']] })).toThrow(TypeError);
});

test('output of any size and any bytes arrives whole, also where it looks like the end', async () => {
  await using folder = await tempFolder();
  const server = await serverIn(folder.path);
  const big = await server.run(['head -c 3000000 /dev/zero | tr "\\0" x; printf "\\n0\\n"; head -c 200000 /dev/zero | tr "\\0" e >&2']);
  expect([big.stdout.length, big.stdout.endsWith('x\n0\n'), big.stderr.length]).toEqual([3_000_003, true, 200_000]);
  expect((await server.run(['printf "a\\0b"'])).stdout).toBe('a\0b');
  await server.close();
});

test('it ends with its owner, and closing it ends a command that still runs', async () => {
  await using folder = await tempFolder();
  const server = await serverIn(folder.path);
  const running = server.run(['echo $$ > pid; sleep 60']).then(
    () => 'ended',
    () => 'lost',
  );
  const { readFileSync, existsSync } = await import('node:fs');
  await until('the command runs', () => existsSync(`${folder.path}/pid`) && readFileSync(`${folder.path}/pid`, 'utf8') !== '');
  expect(server.idle()).toBe(false);
  await server.close();
  expect(await running).toBe('lost');
  expect(processIdentity(Number(readFileSync(`${folder.path}/pid`, 'utf8')))).toBeNull();
  expect(server.idle()).toBe(false);
});

test('where there is no such folder the command is refused, not waited for', async () => {
  const server = openForkServer([...SHELL, 'true'], { cwd: '/nowhere/at/all', env });
  await expect(server.run([])).rejects.toThrow();
  await server.close();
});
