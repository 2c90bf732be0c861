import { mkdtemp, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFile, parseText } from './parse-file.ts';
import { placeShown } from './problem.ts';

const problemsOf = (text: string): string[] => parseText(text, 'o.yaml').problems.map((problem) => `${placeShown(problem)}: ${problem.message}`);

describe('orchestration.yaml', () => {
  test.each(['', '\n', '# only a comment\n', '---\n', '{}', '\uFEFF', 'null', 'router:\n', 'agents: {}\ncommit: ~\n'])('nothing set: %j is an empty layer', (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  test('reports every problem at once with file, line and column', () => {
    const text = [
      'promts_dir: prompts',
      'router:',
      '  enabled: maybe',
      '  review_every: 3',
      'limits:',
      '  turn_timeout: 60',
      'agents:',
      '  stub: { kind: command }',
      '',
    ].join('\n');
    expect(problemsOf(text)).toEqual([
      'o.yaml:1:1: unknown key "promts_dir". Did you mean "prompts_dir"?',
      'o.yaml:3:12: router.enabled must be true or false, not "maybe"',
      'o.yaml:4:3: unknown key "router.review_every". Did you mean "review_every_n"?',
      'o.yaml:6:17: limits.turn_timeout needs a unit: 60s, 60m or 60h',
      'o.yaml:8:3: agents.stub.command is required for kind command: ["./agent.sh", "--fast"]',
    ]);
  });

  test('an unknown key says where its name belongs', () => {
    expect(problemsOf('review_every_n: 3')).toEqual(['o.yaml:1:1: unknown key "review_every_n". Did you mean "router.review_every_n"?']);
    expect(problemsOf('router_mode: only')).toEqual(['o.yaml:1:1: unknown key "router_mode". Did you mean "router.mode"?']);
    expect(problemsOf('frobnicate: 3')).toEqual(['o.yaml:1:1: unknown key "frobnicate".']);
  });

  test('an unknown key is found even without a value', () => {
    expect(problemsOf('input_file:\ninputfile:\n')).toEqual(['o.yaml:2:1: unknown key "inputfile". Did you mean "input_file"?']);
  });

  test('reports every syntax error and every key given twice', () => {
    expect(problemsOf('logs_dir: a\nlogs_dir: b\nrouter: {enabled: true, enabled: false}\n')).toEqual([
      'o.yaml:2:1: "logs_dir" is given twice, first in line 1',
      'o.yaml:3:25: "router.enabled" is given twice, first in line 3',
    ]);
    expect(problemsOf('router: [1\nagent: "x\n').length).toBeGreaterThanOrEqual(1);
    expect(problemsOf('a: *nowhere')).toEqual(['o.yaml:1:4: there is no anchor &nowhere above']);
    expect(problemsOf('--- {}\n--- {}\n')[0]).toMatch(/^o\.yaml:2:/);
  });

  test.each(['- a\n- b\n', 'text', '42'])('refuses what is not a mapping: %j', (text) => {
    expect(problemsOf(text)).toEqual(['o.yaml:1:1: must be a mapping of keys to values']);
  });

  test.each([
    ['state_file: /etc/passwd', 'must be relative'],
    ['state_file: ../state.json', 'must stay inside'],
    ['state_file: a/../../state.json', 'must stay inside'],
    ['state_file: .', 'must name a file'],
    ['logs_dir: .git/logs', 'must not lie in .git'],
    ['logs_dir: C:/logs', 'must be relative'],
    ['tmp_dir: a\\b', 'must be a path with /'],
    ['supervisor_prompt: ../x.md', 'must stay inside prompts_dir'],
    ['agent: {prompts: {../x.md: claude}}', 'must stay inside prompts_dir'],
    ['sync: {lease: 500ms}', 'must be at least 1s'],
    ['sync: {lease: 60}', 'needs a unit'],
    ['sync: {max_wait: 30d}', 'must be at most 24d'],
    ['sync: {poll_interval: soon}', 'must be a duration'],
    ['sync: {branch: 1.10}', 'put it in quotes'],
    ['router: {mode: defualt}', 'Did you mean "default"?'],
    ['router: {review_every_n: -1}', 'must be at least 0, not -1'],
    ['router: {review_every_n: 1.5}', 'must be a whole number'],
    ['router: yes please', 'must be a mapping'],
    ['commit: {max_file_bytes: 5MiB}', 'must be a number'],
    ['commit: {galph: [docs/**, 3]}', 'commit.galph[1] must be text'],
    ['budget: {max_cost_usd: .nan}', 'must be a number'],
    ['agents: {auto: {kind: claude}}', 'is taken'],
    ['agents: {a b: {kind: claude}}', 'must be letters'],
    ['agents: {x: {kind: cluade}}', 'Did you mean "claude"?'],
    ['agents: {x: {}}', 'agents.x.kind must be'],
    ['agents: {x: {kind: command, command: "./agent.sh --fast"}}', 'must be a list with one argument an item'],
    ['agents: {x: {kind: command, command: []}}', 'must name a program'],
    ['agents: {x: {kind: claude, command: [a]}}', 'is for the kinds command and acp only'],
    ['agents: {x: {kind: acp}}', 'is required for kind acp'],
    ['agents: {x: {kind: claude, script: a.yaml}}', 'is for kind scripted only'],
    ['agents: {x: {kind: claude, env: {A: 1}}}', 'put it in quotes'],
    ['agents: {x: {kind: claude, env: {A-B: c}}}', 'is no name of an environment variable'],
    ['agent: {roles: {galf: claude}}', 'Did you mean "galph"?'],
    ['sandbox: maybe', 'must be auto, off or strict'],
    ['pool: {phases: [PLANE]}', 'pool.phases[0] must be PLAN, IMPLEMENT or REVIEW'],
    ['report_extensions: ["*.md"]', 'must be an extension'],
    ['knowledge: 3', 'must be a mapping'],
    ['logs_dir: !secret x', 'tag'],
    ['logs_dir: !!binary aGk=', 'tag'],
    ['%YAML 1.1\n---\nlogs_dir: x', 'must be YAML 1.2'],
    ['? [a, b]\n: c', 'a key must be plain text'],
  ])('refuses %j', (text, reason) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(reason);
  });

  test('keeps prototypes out of its data', () => {
    expect(problemsOf('__proto__: {polluted: true}')).toEqual(['o.yaml:1:1: unknown key "__proto__".']);
    expect(problemsOf('agents: {__proto__: {kind: claude}}')).toHaveLength(1);
    expect(problemsOf('agents: {constructor: {kind: claude}}\nconstructor: 1')).toEqual(['o.yaml:2:1: unknown key "constructor".']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('takes aliases, but neither bombs nor circles nor endless nesting', () => {
    expect(problemsOf('doc_whitelist: &a [x]\ncommit: {galph: *a}')).toEqual([]);
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (let level = 1; level < 12; level += 1) bomb.push(`${String.fromCharCode(97 + level)}: &${String.fromCharCode(97 + level)} [${Array(10).fill(`*${String.fromCharCode(96 + level)}`).join(',')}]`);
    expect(problemsOf(bomb.join('\n')).some((problem) => problem.includes('more than 50000 parts'))).toBe(true);
    expect(problemsOf('knowledge: &a {x: *a}')).toEqual(['o.yaml:1:19: *a holds itself']);
    expect(problemsOf(`knowledge: {x: ${'['.repeat(20_000)}`)).not.toEqual([]);
    expect(problemsOf(`knowledge: {x: ${'['.repeat(200)}${']'.repeat(200)}}`)[0]).toContain('nested too deeply');
  });

  test('stays quick on half a megabyte of keys or aliases', () => {
    const started = performance.now();
    parseText(Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join('\n'), 'o.yaml');
    parseText(`knowledge: [&a x, ${Array(100_000).fill('*a').join(', ')}]`, 'o.yaml');
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('never throws, whatever the text', () => {
    const keys = fc.constantFrom('router', 'agent', 'agents', 'sandbox', 'limits', 'sync', 'subsystems', 'commit', 'prompts', 'roles', 'x', '__proto__', 'constructor', 'toString');
    const tree = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.anything({ maxDepth: 1 }), fc.dictionary(keys, tie('value'), { noNullPrototype: true }), fc.array(tie('value'))),
    })).value;
    const jsonText = tree.map((value) => {
      try {
        return JSON.stringify(value) ?? '';
      } catch {
        return '';
      }
    });
    const yamlish = fc.array(fc.constantFrom('a', ':', ' ', '\n', '-', '[', ']', '{', '}', '&a', '*a', '!!x', '!', '"', "'", '|', '>', '#', '%', '<<', '?', '~', '0x1', '\t', 'router', 'sandbox')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), jsonText, yamlish), (text) => {
        const { layer, problems } = parseText(text, 'o.yaml');
        expect(typeof layer.tree).toBe('object');
        for (const problem of problems) expect(placeShown(problem)).toMatch(/^o\.yaml:\d+:\d+$/);
      }),
      { numRuns: 1000 },
    );
  });

  test('takes every key', () => {
    expect(problemsOf(readFileSync('test/fixtures/config/every-key.yaml', 'utf8'))).toEqual([]);
  });
});

describe('reading the file', () => {
  test.each([
    ['not UTF-8', Buffer.from([0xff, 0xfe, 0x00]), 'not UTF-8'],
    ['too large', Buffer.alloc(10 * 1024 * 1024, 0x20), '1048576 are the most'],
  ])('refuses a file that is %s', async (_what, bytes, reason) => {
    const folder = await mkdtemp(join(tmpdir(), 'config-'));
    await writeFile(join(folder, 'o.yaml'), bytes);
    const read = await parseFile(join(folder, 'o.yaml'), folder);
    expect(read).toMatchObject({ ok: false, failure: { code: 'config_unreadable', kind: 'invalid', message: expect.stringContaining(reason) } });
  });

  test('refuses a folder and a missing file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'config-'));
    expect(await parseFile(folder, folder)).toMatchObject({ ok: false, failure: { code: 'config_unreadable' } });
    expect(await parseFile(join(folder, 'none.yaml'), folder)).toMatchObject({ ok: false, failure: { code: 'config_unreadable' } });
  });
});
