#!/usr/bin/env node
// Launcher. Plain old JavaScript on purpose: it has to run, and to say what is missing, on a Node that is too old for
// the program itself. It loads nothing that it does not need: `--version` costs no more than reading package.json.
import { existsSync, readFileSync } from 'fs';
import { basename, dirname, join } from 'path';
import { fileURLToPath } from 'url';

const NEEDED = 24;
const LIFELINE = 'ORCHESTRATOR_LIFELINE';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  process.stdout.write(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version + '\n');
} else if (parseInt(process.versions.node, 10) >= NEEDED) {
  start();
} else {
  startWithNewerNode();
}

/** Runs the program in this process: from source in a checkout, else as built. */
function start() {
  quietExperiments();
  const source = join(root, 'src', 'cli', 'main.ts');
  const entry = existsSync(source) ? '../src/cli/main.ts' : '../dist/cli/main.js';
  import('module')
    .then(function (module) {
      const packages = packagesFolder();
      // Kept beside the packages, not in a temporary folder where somebody else could have put something in its place.
      if (packages !== null && module.enableCompileCache) module.enableCompileCache(join(packages, '.cache', 'orchestrator'));
      return Promise.all([import(entry), holdLifeline()]);
    })
    .then(function (loaded) {
      return loaded[0].main(argv);
    })
    .catch(function (error) {
      process.stderr.write((error && error.stack ? error.stack : String(error)) + '\n');
      process.exitCode = 70;
    });
}

/** The node_modules that this package's dependencies are in: its own in a checkout, the one it stands in once installed. Null where there is none. */
function packagesFolder() {
  const own = join(root, 'node_modules');
  if (existsSync(own)) return own;
  return basename(dirname(root)) === 'node_modules' ? dirname(root) : null;
}

/** Started by a waiting launcher: dies as it died. Only the launcher holds the other end, so its closing means just that. */
function holdLifeline() {
  const descriptor = process.env[LIFELINE];
  // Nobody further down is meant.
  delete process.env[LIFELINE];
  if (descriptor === undefined) return null;
  return import('net').then(function (net) {
    const lifeline = new net.Socket({ fd: Number(descriptor) });
    const die = function () {
      process.kill(process.pid, 'SIGKILL');
    };
    lifeline.on('error', die);
    lifeline.on('close', die);
    lifeline.resume();
    lifeline.unref();
  });
}

/** Node's own remarks about features that this program was tested with are of no use to its users. */
function quietExperiments() {
  const emit = process.emitWarning;
  process.emitWarning = function (warning, options) {
    const type = typeof options === 'string' ? options : options && options.type;
    const known = /SQLite|Type Stripping|stripTypeScriptTypes|execve/i.test(String(warning));
    if (type === 'ExperimentalWarning' && known) return;
    emit.apply(process, arguments);
  };
}

/** Runs this launcher again with the Node that stands among the packages, and ends the way it ends. */
function startWithNewerNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const node = [join(root, 'node_modules'), dirname(root)]
    .map(function (folder) {
      return join(folder, 'node', 'bin', name);
    })
    .find(existsSync);
  if (node === undefined) {
    process.stderr.write('orchestrator needs Node ' + NEEDED + ' or newer, this is ' + process.versions.node + ': install it from https://nodejs.org, or beside this package with `npm install node@' + NEEDED + '`\n');
    process.exitCode = 5;
    return;
  }
  const args = [fileURLToPath(import.meta.url)].concat(argv);
  // Becoming the other program leaves no launcher that could swallow a signal or be killed before its child.
  if (process.execve && process.platform !== 'win32') {
    quietExperiments();
    process.execve(node, [node].concat(args));
    return;
  }
  import('child_process').then(function (processes) {
    waitFor(processes, node, args);
  });
}

/** A launcher that cannot become the other program does nothing but wait for it and pass signals on; killed, it takes the program with it. */
function waitFor(processes, node, args) {
  // The terminal sends its interrupt to both; passed on, the program would count it twice.
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const passed = { SIGTERM: true, SIGHUP: true, SIGINT: !terminal };
  const early = [];
  let child = null;
  const listeners = Object.keys(passed).map(function (signal) {
    const listener = function () {
      if (!passed[signal]) return;
      if (child === null) early.push(signal);
      else child.kill(signal);
    };
    process.on(signal, listener);
    return [signal, listener];
  });
  child = processes.spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'pipe'], env: Object.assign({}, process.env, { [LIFELINE]: '3' }) });
  early.forEach(function (signal) {
    child.kill(signal);
  });
  child.on('error', function (error) {
    process.stderr.write('orchestrator cannot start ' + node + ': ' + error.message + '\n');
    process.exitCode = 5;
  });
  child.on('exit', function (code, signal) {
    listeners.forEach(function (pair) {
      process.removeListener(pair[0], pair[1]);
    });
    if (signal) process.kill(process.pid, signal);
    else process.exit(code);
  });
}
