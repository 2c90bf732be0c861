import { describe, expect, test } from 'vitest';
import { chunkName } from './chunk-name.ts';
import { hasContent, parseChunk, topological, withStatus } from './chunk.ts';

describe('chunks', () => {
  test('names as people write them; nothing that leads elsewhere', () => {
    for (const written of ['x', 'plans/x', 'plans/x/', './plans/x']) expect(chunkName(written)).toEqual({ ok: true, value: 'x' });
    for (const written of ['', '.', '..', '../x', 'a/b', '/x', 'x y', 'x.lock', 'a..b', '-x', 'x.', 'plans/']) expect(chunkName(written).ok).toBe(false);
  });

  test('reads what a goal declares and where a plan works', () => {
    const parsed = parseChunk('x', '---\nstatus: IMPLEMENTING\ndepends_on: [plans/y/, z]\ntouches: [src/**]\nsymbols: ["a.ts#A::b"]\nsubsystems: [core]\npriority: 3\nagent: builder\ngate: [npm, test]\n---\n# Goal\n', '1. Do\n   Location: src/a.ts, `src/b.ts:12`\n2. More\n   **Location**: docs/c.md (new)\n   Location: ../out.txt\n');
    expect(parsed).toMatchObject({ ok: true, value: { status: 'IMPLEMENTING', depends_on: ['y', 'z'], touches: ['src/**'], symbols: ['a.ts#A::b'], subsystems: ['core'], priority: 3, agent: 'builder', gate: ['npm', 'test'], locations: ['src/a.ts', 'src/b.ts', 'docs/c.md'] } });
    expect(parseChunk('x', '---\nstatus: FUTURE\n---\n', null)).toMatchObject({ ok: true, value: { depends_on: null, priority: 0 } });
    expect(parseChunk('x', '---\nstatus: FUTURE\ndepends_on: []\n---\n', null)).toMatchObject({ ok: true, value: { depends_on: [] } });
  });

  test('says what is wrong, and where', () => {
    const cases: [string, string][] = [
      ['no front matter', 'no front matter'], ['---\nstatus: DONE\n---\n', 'status'], ['---\nstatus: Activ\n---\n', 'Did you mean "ACTIVE"'], ['---\nstatus: [\n---\n', 'not valid YAML'], ['---\n{}\n---\n', 'status'],
      ['---\nstatus: ACTIVE\npriority: high\n---\n', 'priority'], ['---\nstatus: ACTIVE\ndepends_on: [../x]\n---\n', 'depends_on'], ['---\nstatus: ACTIVE\nstatus: FUTURE\n---\n', 'not valid YAML'],
    ];
    for (const [goal, words] of cases) {
      const parsed = parseChunk('x', goal, null);
      expect([goal, parsed.ok ? '' : parsed.failure.message]).toEqual([goal, expect.stringContaining(words)]);
    }
  });

  test('a status is changed, and nothing else', () => {
    const goal = '---\n# kept\nstatus:   FUTURE # why\ntouches: [a]\n---\nstatus: FUTURE is what it says.\n';
    expect(withStatus(goal, 'ACTIVE')).toBe('---\n# kept\nstatus:   ACTIVE # why\ntouches: [a]\n---\nstatus: FUTURE is what it says.\n');
    expect(withStatus('---\nstatus: "FUTURE"\n---\n', 'ACTIVE')).toBe('---\nstatus: ACTIVE\n---\n');
  });

  test('a plan of headings and comments has no content', () => {
    expect(hasContent(null)).toBe(false);
    expect(hasContent('# Plan\n\n<!-- write\nhere -->\n## Steps\n')).toBe(false);
    expect(hasContent('# Plan\n1. Do it.\n')).toBe(true);
  });

  test('sorted by what they depend on; a circle is named', () => {
    const chunk = (name: string, ...depends_on: string[]) => ({ name, depends_on });
    expect(topological([chunk('c', 'b'), chunk('b', 'a', 'elsewhere'), chunk('a')])).toEqual({ ok: true, value: ['a', 'b', 'c'] });
    expect(topological([chunk('a', 'b'), chunk('b', 'a')])).toMatchObject({ ok: false, failure: { code: 'dependency_cycle', details: { cycle: ['a', 'b', 'a'] } } });
    expect(topological([chunk('a', 'a')]).ok).toBe(false);
  });
});
