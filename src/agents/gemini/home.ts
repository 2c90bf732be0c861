import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TOOL_PATIENCE_MS, TOOL_SERVER } from '../adapter.ts';
import type { CommandRequest } from '../adapter.ts';
import { withoutComments } from './without-comments.ts';

type Environment = Readonly<Record<string, string>>;
type Settings = Readonly<Record<string, unknown>>;

const homeOf = (env: Environment): string => env['GEMINI_CLI_HOME'] ?? env['HOME'] ?? '/nonexistent';

/** Where gemini keeps what is its own: settings, logins, sessions. */
export const stateFolder = (env: Environment): string => join(homeOf(env), '.gemini');

/** Its home for the calls that need settings of ours. */
export const geminiHomeFolder = (scratch: string): string => join(scratch, 'gemini-home');

/**
 * Gemini takes MCP servers and its way of logging in from settings files only: the person's, the workspace's, and a
 * system's, which it reads only where root owns the file and every folder above it. So a call that needs either gets a
 * home of its own: the person's settings with ours in them, and links to all else that is the person's. Null where the
 * person's home will do, or cannot be understood.
 */
export function geminiHome({ env, scratch, tools }: CommandRequest): { readonly settings: string; readonly links: Readonly<Record<string, string>> } | null {
  const settings = readSettings(join(stateFolder(env), 'settings.json'));
  if (settings === null) return null;
  const auth = needsAuth(env, settings);
  if (tools === undefined && !auth) return null;
  const security = section(settings, 'security');
  const servers = section(settings, 'mcpServers');
  const mcp = section(settings, 'mcp');
  const ours = tools === undefined ? null : { command: tools.argv[0], args: tools.argv.slice(1), env: Object.fromEntries(tools.pass.map((name) => [name, `$${name}`])), timeout: TOOL_PATIENCE_MS, trust: true };
  const merged: Settings = {
    ...settings,
    ...(auth ? { security: { ...security, auth: { ...section(security, 'auth'), selectedType: 'gemini-api-key' } } } : {}),
    ...(ours === null ? {} : { mcpServers: { ...servers, [TOOL_SERVER]: ours } }),
    // A person's list of the servers that may be used is about theirs.
    ...(ours !== null && Array.isArray(mcp['allowed']) ? { mcp: { ...mcp, allowed: [...(mcp['allowed'] as unknown[]), TOOL_SERVER] } } : {}),
  };
  return { settings: JSON.stringify(merged), links: linksFor(env, geminiHomeFolder(scratch)) };
}

/** An address of the model's server selects a way to log in that gemini then refuses, unless settings name another. */
function needsAuth(env: Environment, settings: Settings): boolean {
  const chosen = section(section(settings, 'security'), 'auth')['selectedType'];
  const otherwise = env['GOOGLE_GENAI_USE_GCA'] === 'true' || env['GOOGLE_GENAI_USE_VERTEXAI'] === 'true';
  return env['GOOGLE_GEMINI_BASE_URL'] !== undefined && env['GEMINI_API_KEY'] !== undefined && chosen === undefined && !otherwise;
}

/** Everything of the person's home that gemini reads or writes, but for the settings. */
function linksFor(env: Environment, home: string): Record<string, string> {
  const state = stateFolder(env);
  const names = existsSync(state) ? readdirSync(state).filter((name) => name !== 'settings.json') : [];
  const beside = ['.agents', '.env'].filter((name) => existsSync(join(homeOf(env), name)));
  return Object.fromEntries([
    ...names.map((name) => [join(home, '.gemini', name), join(state, name)]),
    ...beside.map((name) => [join(home, name), join(homeOf(env), name)]),
  ]);
}

/** Null for a file that gemini itself could not read; it will say so. */
function readSettings(file: string): Settings | null {
  if (!existsSync(file)) return {};
  try {
    const settings: unknown = JSON.parse(withoutComments(readFileSync(file, 'utf8')));
    return typeof settings === 'object' && settings !== null && !Array.isArray(settings) ? (settings as Settings) : null;
  } catch {
    return null;
  }
}

function section(settings: Settings, name: string): Settings {
  const value = settings[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Settings) : {};
}
