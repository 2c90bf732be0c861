import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const launcher = join(import.meta.dirname, '../../bin/orchestrator.js');
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string };

/** A package that holds the launcher and, in place of the program, what it was started with. */
let folder: string;
/** As if this Node were older than the launcher needs, unless the newer one started it. */
const elderly = (text: string): string => text.replace('const NEEDED = 24', "const NEEDED = process.env.NEWER ? 24 : 99");

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'launcher-')));
  for (const part of ['bin', 'dist/cli', 'node_modules/node/bin']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'bin/orchestrator.js'), elderly(readFileSync(launcher, 'utf8')));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', version }));
  writeFileSync(
    join(folder, 'dist/cli/main.js'),
    `export async function main(argv) {
      const told = { argv, pid: process.pid, lifeline: process.env.ORCHESTRATOR_LIFELINE ?? null };
      if (argv[0] === 'throw') throw new Error('a bug');
      if (argv[0] === 'wait') {
        const hold = setInterval(() => {}, 1000);
        for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => { console.log('got ' + name); process.exitCode = 9; clearInterval(hold); });
      }
      console.log(JSON.stringify(told));
      if (argv[0] === 'exit') process.exitCode = Number(argv[1]);
      if (argv[0] === 'die') process.kill(process.pid, argv[1]);
    }`,
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function installNewerNode(): void {
  const node = join(folder, 'node_modules/node/bin/node');
  writeFileSync(node, `#!/bin/sh\nNEWER=1 exec '${process.execPath}' "$@"\n`);
  chmodSync(node, 0o755);
}

/** A launcher that cannot replace itself by the other program, as on Node 20. */
const WITHOUT_EXECVE = ['--import', 'data:text/javascript,process.execve=undefined'];
const start = (flags: readonly string[], ...args: string[]): ChildProcess => spawn(process.execPath, [...flags, join(folder, 'bin/orchestrator.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
const run = (flags: readonly string[], ...args: string[]) => spawnSync(process.execPath, [...flags, join(folder, 'bin/orchestrator.js'), ...args], { encoding: 'utf8' });

async function firstLine(child: ChildProcess): Promise<{ readonly pid: number; readonly lifeline: string | null }> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  return JSON.parse(chunk.toString()) as { pid: number; lifeline: string | null };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('launcher', () => {
  test.each(['--version', '-V'])('%s prints the version and loads nothing else', (flag) => {
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(run([], flag)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('--version takes at most 40 ms more than an empty program', () => {
    const fastest = (args: string[]): number => Math.min(...Array.from({ length: 7 }, () => {
      const started = performance.now();
      spawnSync(process.execPath, args);
      return performance.now() - started;
    }));
    expect(fastest([launcher, '--version']) - fastest(['-e', '0'])).toBeLessThan(40);
  });

  test('a bug that escapes the program ends with 70', () => {
    cpSync(launcher, join(folder, 'bin/orchestrator.js'));
    const ended = run([], 'throw');
    expect(ended.status).toBe(70);
    expect(ended.stderr).toContain('a bug');
  });
});

describe('launcher on an older Node', () => {
  test('without a newer one says in one line what to install and exits 5', () => {
    const ended = run([], 'status');
    expect(ended.status).toBe(5);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toMatch(/^orchestrator needs Node .* install .*\n$/);
  });

  test('becomes the newer one where it can: same process, arguments as given', async () => {
    installNewerNode();
    const child = start([], 'exit', '7', 'a b');
    expect(await firstLine(child)).toMatchObject({ argv: ['exit', '7', 'a b'], pid: child.pid });
    expect((await once(child, 'exit')) as unknown).toEqual([7, null]);
  });

  describe('that cannot become the newer one', () => {
    test('passes on arguments and exit code, and hides its lifeline from the program', () => {
      installNewerNode();
      const ended = run(WITHOUT_EXECVE, 'exit', '7', 'a b');
      expect(ended.status).toBe(7);
      expect(JSON.parse(ended.stdout)).toMatchObject({ argv: ['exit', '7', 'a b'], lifeline: null });
    });

    test('dies of the signal that the program died of', () => {
      installNewerNode();
      expect(run(WITHOUT_EXECVE, 'die', 'SIGKILL').signal).toBe('SIGKILL');
    });

    test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes on %s once and waits for the program', async (signal) => {
      installNewerNode();
      const child = start(WITHOUT_EXECVE, 'wait');
      const { pid } = await firstLine(child);
      expect(pid).not.toBe(child.pid);
      const told: string[] = [];
      child.stdout?.on('data', (chunk: Buffer) => told.push(chunk.toString()));
      child.kill(signal);
      expect((await once(child, 'close')) as unknown).toEqual([9, null]);
      expect(told.join('')).toBe(`got ${signal}\n`);
      expect(isAlive(pid)).toBe(false);
    });

    test('killed, takes the program with it', async () => {
      installNewerNode();
      const child = start(WITHOUT_EXECVE, 'wait');
      const { pid } = await firstLine(child);
      child.kill('SIGKILL');
      // The program holds the same stdout: its end is the program's end.
      await once(child, 'close');
      await expect.poll(() => isAlive(pid)).toBe(false);
    });
  });
});
