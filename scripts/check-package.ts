/** Packs the package, installs it into an empty folder, and runs it there: version, help, init, doctor, demo. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'orchestrator-package-')));
const home = join(folder, 'home');
mkdirSync(home);
const env = { ...process.env, HOME: home, NO_COLOR: '1' };

function run(cwd: string, program: string, ...args: string[]): string {
  return execFileSync(program, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

try {
  run(root, 'npm', 'pack', '--silent', '--pack-destination', folder);
  const { name, version } = JSON.parse(run(root, 'npm', 'pkg', 'get', 'name', 'version')) as { name: string; version: string };
  const target = join(folder, 'installed');
  mkdirSync(target);
  run(target, 'npm', 'init', '--yes');
  run(target, 'npm', 'install', '--no-audit', '--no-fund', '--omit=dev', join(folder, `${name}-${version}.tgz`));
  const program = join(target, 'node_modules/.bin/orchestrator');
  const said = run(target, process.execPath, realpathSync(program), '--version').trim();
  if (said !== version) throw new Error(`--version said ${said}, not ${version}`);
  for (const args of [['--help'], ['ops', 'list']]) if (run(target, process.execPath, program, ...args).length < 200) throw new Error(`${args.join(' ')} said too little`);
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  run(workspace, process.execPath, program, 'init', '--yes', '--json');
  const demo = JSON.parse(run(target, process.execPath, program, 'demo', '--json', '--quiet')) as { ok: boolean; data: { after: { failed: number } } };
  if (!demo.ok || demo.data.after.failed !== 0) throw new Error('the demo did not end well');
  process.stdout.write(`${name}-${version}.tgz works in an empty folder: version, help, init, demo\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
