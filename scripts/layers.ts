import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';

/** The rules of docs/adr/0001-rooms.md about single files of `src/`, as data and pure functions. */

/** Rooms, lowest first: a room imports only from those before it. */
const ROOMS: readonly string[] = ['base', 'process', 'git', 'config', 'store', 'spine', 'agents', 'loop', 'bus', 'pool', 'governance', 'sequences', 'workspace', 'server', 'dashboard', 'cli'];

/** Rooms that see nothing of each other but `contract.ts`. */
const DOMAINS: readonly string[] = ['agents', 'loop', 'bus', 'pool', 'governance', 'sequences', 'workspace'];

/** Modules that only one room may load. */
const ONLY_IN: Readonly<Record<string, string>> = { child_process: 'process', execa: 'process', 'simple-git': 'git' };

/** Programs of their own, started as processes: the scripted agent does what a real agent would, commands included; another leads one. */
const PROGRAMS: readonly string[] = ['agents/scripted/player.ts', 'agents/acp/client.ts', 'agents/sandbox/relay.ts'];

/** Every breach in one file, as `src/path:line: what is wrong`; `path` is relative to `src/`. Tests may import what they like. */
export function breachesOf(path: string, text: string): string[] {
  const room = path.split('/')[0] ?? '';
  if (!ROOMS.includes(room)) return [`src/${path}: ${room}/ is no room; the rooms stand in scripts/layers.ts`];
  if (path.endsWith('.test.ts')) return [];
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const found = [...importsOf(path, text).map(({ specifier, start }) => ({ start, why: importBreach(path, room, specifier) })), ...callBreaches(path, room, text)];
  return found.flatMap(({ start, why }) => (why === null ? [] : [`src/${path}:${lineAt(start)}: ${why}`]));
}

interface Found {
  readonly specifier: string;
  readonly start: number;
}

/** Imports and re-exports, types included, and `import()` of a constant. */
function importsOf(path: string, text: string): Found[] {
  const { module } = parseSync(path, text);
  const reexports = module.staticExports.flatMap(({ entries, start }) => entries.flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [{ specifier: moduleRequest.value, start }])));
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest, start }) => {
    const constant = /^\s*(['"`])([^'"`$]*)\1\s*$/.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[2];
    return constant === undefined ? [] : [{ specifier: constant, start }];
  });
  const all = [...module.staticImports.map(({ moduleRequest, start }) => ({ specifier: moduleRequest.value, start })), ...reexports, ...dynamic];
  return [...new Map(all.map((one) => [`${one.start} ${one.specifier}`, one])).values()];
}

function importBreach(path: string, room: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) {
    const name = specifier.replace(/^node:/, '').split('/')[0] ?? '';
    const owner = Object.hasOwn(ONLY_IN, name) ? ONLY_IN[name] : undefined;
    return owner === undefined || owner === room || PROGRAMS.includes(path) ? null : `${specifier} is for ${owner}/ only`;
  }
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  if (target.startsWith('..')) return `${specifier} is outside src/`;
  const other = target.split('/')[0] ?? '';
  if (other === room) return null;
  if (!ROOMS.includes(other)) return `${other}/ is no room`;
  if (ROOMS.indexOf(room) < ROOMS.indexOf(other)) return `${room}/ stands before ${other}/ and must not import it`;
  const domains = DOMAINS.includes(room) && DOMAINS.includes(other);
  return domains && target !== `${other}/contract.ts` ? `${room}/ sees nothing of ${other}/ but its contract.ts, so not ${target}` : null;
}

/** Calls that end the process or print past the command line's output. */
function callBreaches(path: string, room: string, text: string): { readonly start: number; readonly why: string }[] {
  const { program } = parseSync(path, text);
  const found: { start: number; why: string }[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    const { type, object, property, start } = node as { type?: string; object?: { type?: string; name?: string }; property?: { name?: string }; start?: number };
    if (type === 'MemberExpression' && object?.type === 'Identifier' && start !== undefined) {
      const free = PROGRAMS.includes(path);
      if (object.name === 'process' && property?.name === 'exit' && path !== 'cli/main.ts' && !free) found.push({ start, why: 'process.exit ends the process behind the back of whoever called; set process.exitCode, or return a failure' });
      if (object.name === 'console' && room !== 'cli' && !free) found.push({ start, why: 'console is for cli/ only' });
    }
    Object.values(node).forEach(visit);
  };
  visit(program);
  return found;
}
