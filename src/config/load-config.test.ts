import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AGENT_KINDS } from '../agents/contract.ts';
import { unwrap } from '../base/failure.ts';
import { configKeys } from './keys.ts';
import { loadConfig, type FlagSetting } from './load-config.ts';
import { AGENT_KIND_NAMES } from './schema-agents.ts';
import { RESERVED_VARIABLES, variableOf } from './environment.ts';
import { leaves, overlay, valueAt, type Tree } from './tree.ts';

async function load(text: string | null, env: Record<string, string> = {}, flags: readonly FlagSetting[] = []) {
  const workspace = await mkdtemp(join(tmpdir(), 'config-'));
  const file = text === null ? null : join(workspace, 'orchestration.yaml');
  if (file !== null && text !== null) await writeFile(file, text);
  return loadConfig({ file, workspace, env, flags });
}
const loaded = async (...args: Parameters<typeof load>) => unwrap(await load(...args));
const problems = async (...args: Parameters<typeof load>): Promise<string[]> => {
  const result = await load(...args);
  return result.ok ? [] : result.failure.message.split('\n');
};

describe('defaults', () => {
  test('hold without a file', async () => {
    const { config, file, warnings } = await loaded(null);
    expect({ file, warnings }).toEqual({ file: null, warnings: [] });
    expect(config).toMatchSnapshot();
  });

  test('are marked as such', async () => {
    const { provenance } = await loaded(null);
    expect([...provenance.values()].every(({ layer }) => layer === 'default')).toBe(true);
    expect(provenance.get('router.mode')).toEqual({ layer: 'default' });
    expect(provenance.has('router')).toBe(false);
  });

  test('are frozen all through', async () => {
    const { config } = await loaded('agents: {x: {kind: claude, args: [a]}}');
    expect(Object.isFrozen(config) && Object.isFrozen(config.limits) && Object.isFrozen(config.agents['x']?.args)).toBe(true);
  });
});

describe('an earlier runner\'s file', () => {
  test('loads as it is, with warnings for what means nothing here', async () => {
    const file = resolve('test/fixtures/config/earlier-runner.yaml');
    const { config, warnings, provenance } = unwrap(await loadConfig({ file, workspace: resolve('test/fixtures/config'), env: {}, flags: [] }));
    expect(warnings).toEqual([
      'workflow belongs to an earlier runner and is ignored',
      'tracked_output_globs has no effect: commit.galph and commit.ralph say what turns may commit',
      'tracked_output_extensions has no effect: commit.galph and commit.ralph say what turns may commit',
      'spec_bootstrap belongs to an earlier runner and is ignored',
    ]);
    expect(config.router).toEqual({ enabled: true, mode: 'router_first', prompt: 'router.md', review_every_n: 3, review_placement: 'replace', allowlist: ['supervisor.md', 'main.md', 'reviewer.md'] });
    expect(config.agent).toEqual({ default: 'auto', roles: { galph: 'claude', ralph: 'codex' }, prompts: { 'supervisor.md': 'codex', 'reviewer.md': 'claude' }, fallback: [] });
    expect(config.report_extensions).toEqual(['.png', '.jpeg', '.npy', '.txt', '.md', '.json', '.log']);
    expect(config.doc_whitelist).toContain('plans/**/*.md');
    expect([config.logs_dir, config.tmp_dir]).toEqual(['logs', 'tmp']);
    expect(config).not.toHaveProperty('workflow');
    expect(provenance.get('agent.roles.galph')).toEqual({ layer: 'file', where: 'earlier-runner.yaml:50' });
  });
});

describe('every key', () => {
  test('can be set and is read into its units', async () => {
    const file = resolve('test/fixtures/config/every-key.yaml');
    const { config, warnings } = unwrap(await loadConfig({ file, workspace: resolve('test/fixtures/config'), env: {}, flags: [] }));
    expect(config).toMatchSnapshot();
    expect(warnings).toMatchSnapshot();
    const set = new Set(configKeys().filter(({ section, path }) => !section && valueAt(config, path) !== undefined).map(({ path }) => path.join('.')));
    const missing = configKeys().filter(({ section, path }) => !section && !set.has(path.join('.')));
    expect(missing.map(({ path }) => path.join('.'))).toEqual(['workflow', 'spec_bootstrap']);
  });

  test('has a description and a variable of its own', () => {
    const names = configKeys().map(({ path }) => variableOf(path));
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => RESERVED_VARIABLES.includes(name))).toEqual([]);
    expect(configKeys().filter(({ schema }) => !schema.description)).toEqual([]);
  });

  test('agent kinds are those that have an adapter', () => {
    expect(AGENT_KIND_NAMES).toEqual(AGENT_KINDS);
  });
});

describe('environment', () => {
  test('reads texts, numbers, lists, mappings and sections', async () => {
    const { config, provenance, warnings } = await loaded('router: {enabled: true, mode: only}\nsandbox: strict\n', {
      ORCHESTRATOR_ROUTER_REVIEW_EVERY_N: '4',
      ORCHESTRATOR_LIMITS_TURN_TIMEOUT: '90s',
      ORCHESTRATOR_SYNC_BRANCH: '123',
      ORCHESTRATOR_SYNC_PUSH: 'true',
      ORCHESTRATOR_DOC_WHITELIST: 'a.md, b.md',
      ORCHESTRATOR_ROUTER_ALLOWLIST: '[x.md, y.md]',
      ORCHESTRATOR_AGENT_ROLES: 'supervisor=codex,ralph=stub',
      ORCHESTRATOR_AGENTS: '{stub: {kind: command, command: [./a.sh]}}',
      ORCHESTRATOR_SANDBOX: 'off',
      ORCHESTRATOR_SANDBOX_PASS_ENV: 'EDITOR',
      ORCHESTRATOR_INPUT_FILE: '',
      PATH: '/bin',
    });
    expect(config.router).toMatchObject({ enabled: true, mode: 'router_only', review_every_n: 4, allowlist: ['x.md', 'y.md'] });
    expect(config.limits.turn_timeout).toBe(90_000);
    expect(config.sync).toMatchObject({ branch: '123', push: true });
    expect(config.doc_whitelist).toEqual(['a.md', 'b.md']);
    expect(config.agent.roles).toEqual({ galph: 'codex', ralph: 'stub' });
    expect(config.agents['stub']?.command).toEqual(['./a.sh']);
    expect(config.sandbox).toMatchObject({ mode: 'off', pass_env: ['EDITOR'] });
    expect(config.input_file).toBe('input.md');
    expect(provenance.get('router.review_every_n')).toEqual({ layer: 'environment', where: 'ORCHESTRATOR_ROUTER_REVIEW_EVERY_N' });
    expect(provenance.get('router.mode')).toEqual({ layer: 'file', where: 'orchestration.yaml:1' });
    expect(warnings).toEqual([]);
  });

  test('a wrong value names its variable', async () => {
    expect(await problems(null, { ORCHESTRATOR_LIMITS_TURN_TIMEOUT: '90' })).toEqual(['ORCHESTRATOR_LIMITS_TURN_TIMEOUT: limits.turn_timeout needs a unit: 90s, 90m or 90h']);
    expect(await problems(null, { ORCHESTRATOR_ROUTER_ALLOWLIST: '[a, 3]' })).toEqual(['ORCHESTRATOR_ROUTER_ALLOWLIST: router.allowlist[1] must be text, not a number, 3; put it in quotes']);
    expect(await problems(null, { ORCHESTRATOR_AGENTS: '{a: [' })).not.toEqual([]);
    expect(await problems(null, { ORCHESTRATOR_AGENTS: '{a: {kind: claude, modle: x}}' })).toEqual(['ORCHESTRATOR_AGENTS: unknown key "agents.a.modle". Did you mean "model"?']);
  });

  test('what agents are given is never configuration', async () => {
    const env = Object.fromEntries(RESERVED_VARIABLES.map((name) => [name, 'anything: [']));
    const { warnings, provenance } = await loaded(null, env);
    expect(warnings).toEqual([]);
    expect([...provenance.values()].every(({ layer }) => layer === 'default')).toBe(true);
  });

  test('an unknown name is a warning with a suggestion', async () => {
    const { warnings } = await loaded(null, { ORCHESTRATOR_ROUTER_MODEL: 'first' });
    expect(warnings).toEqual(['ORCHESTRATOR_ROUTER_MODEL is no known variable and is ignored. Did you mean "ORCHESTRATOR_ROUTER_MODE"?']);
  });
});

describe('layers', () => {
  test('file < environment < flags; mappings merge, lists are replaced', async () => {
    const { config, provenance } = await loaded(
      'doc_whitelist: [a]\nlimits: {turn_timeout: 1m, grace: 1s, stall_timeout: 1m}\nagents: {x: {kind: claude, model: opus}}\n',
      { ORCHESTRATOR_LIMITS_GRACE: '2s', ORCHESTRATOR_LIMITS_STALL_TIMEOUT: '2m', ORCHESTRATOR_AGENTS: '{y: {kind: codex}}' },
      [
        { path: 'limits.stall_timeout', value: '3m', flag: '--stall-timeout' },
        { path: 'doc_whitelist', value: ['b'], flag: '--whitelist' },
        { path: 'agents', value: { x: { kind: 'gemini' } }, flag: '--x' },
        { path: 'router.review_every_n', value: '7', flag: '--review-every' },
        { path: 'router.mode', value: undefined, flag: '--router-mode' },
      ],
    );
    expect(config.limits).toMatchObject({ turn_timeout: 60_000, grace: 2000, stall_timeout: 180_000 });
    expect(config.doc_whitelist).toEqual(['b']);
    expect(config.agents).toMatchObject({ x: { kind: 'gemini', model: 'opus' }, y: { kind: 'codex' } });
    expect(config.router.review_every_n).toBe(7);
    expect(provenance.get('limits.stall_timeout')).toEqual({ layer: 'flag', where: '--stall-timeout' });
    expect(provenance.get('agents.x.model')).toEqual({ layer: 'file', where: 'orchestration.yaml:3' });
    expect(provenance.get('agents.x.kind')).toEqual({ layer: 'flag', where: '--x' });
    expect(provenance.has('agents')).toBe(false);
    expect(provenance.get('router.mode')).toEqual({ layer: 'default' });
  });

  test('a wrong value is reported even where an upper layer covers it, and beside those of other layers', async () => {
    expect(await problems('limits: {grace: soon}', { ORCHESTRATOR_LIMITS_GRACE: '2s', ORCHESTRATOR_ROUTER_ENABLED: 'perhaps' }, [{ path: 'sync.lease', value: '0', flag: '--lease' }])).toEqual([
      'The configuration has 3 problems:',
      'orchestration.yaml:1:17: limits.grace must be a duration such as 90s, 10m or 2h, not "soon"',
      'ORCHESTRATOR_ROUTER_ENABLED: router.enabled must be true or false, not "perhaps"',
      '--lease: sync.lease must be at least 1s, not a number, 0',
    ]);
  });

  test('an agent that does not exist is reported where it is named', async () => {
    expect(await problems('agent: {roles: {galph: cluade}}')).toEqual([
      'orchestration.yaml:1:24: agent.roles.galph names agent "cluade", which is no agent kind and has no entry under agents. Did you mean "claude"?',
    ]);
    expect(await problems('agents: {stub: {kind: claude}}', {}, [{ path: 'agent.default', value: 'stup', flag: '--agent' }])).toEqual([
      '--agent: agent.default names agent "stup", which is no agent kind and has no entry under agents. Did you mean "stub"?',
    ]);
    expect(await problems(null, {}, [{ path: 'agent.default', value: 'scripted', flag: '--agent' }])).toEqual([]);
  });

  test('a failure carries its problems as data', async () => {
    const result = await load('a: 1');
    expect(result).toMatchObject({
      ok: false,
      failure: { code: 'config_invalid', kind: 'invalid', details: { problems: [{ file: 'orchestration.yaml', line: 1, column: 1, path: 'a', message: 'unknown key "a".' }] } },
    });
  });

  const trees = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.oneof({ depthSize: 'small' }, fc.integer(), fc.array(fc.integer()), tie('tree')), { noNullPrototype: true }),
  })).tree;

  test('laying over keeps all of the upper layer, and of the lower one what the upper does not touch', () => {
    const isLeaf = (value: unknown): boolean => typeof value !== 'object' || Array.isArray(value);
    fc.assert(
      fc.property(trees, trees, (a, b) => {
        const over = overlay(a, b);
        for (const path of leaves(b)) if (isLeaf(valueAt(b, path))) expect(valueAt(over, path)).toEqual(valueAt(b, path));
        for (const path of leaves(a)) {
          const touched = path.some((_, index) => isLeaf(valueAt(b, path.slice(0, index + 1))) && valueAt(b, path.slice(0, index + 1)) !== undefined);
          const covered = valueAt(b, path) !== undefined;
          if (!touched && !covered) expect(valueAt(over, path)).toEqual(valueAt(a, path));
        }
        expect(overlay(a, {})).toEqual(a);
        expect(overlay(a, a)).toEqual(a);
      }),
    );
  });
});
