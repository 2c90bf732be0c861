import { describe, expect, test } from 'vitest';
import { editText } from './edit-file.ts';

const edited = (text: string, path: string[], value: unknown): string => {
  const result = editText(text, { path, value }, 'o.yaml');
  return result.ok ? result.value : result.failure.message;
};

describe('editing a file', () => {
  const text = '# top\nrouter:\n  # why\n  enabled: false   # not yet\n\n# agents\nagent: { default: auto }\n';

  test('keeps comments, order and what is not touched', () => {
    expect(edited(text, ['router', 'enabled'], true)).toBe('# top\nrouter:\n  # why\n  enabled: true # not yet\n\n# agents\nagent: { default: auto }\n');
    expect(edited(text, ['agent', 'prompts', 'reviewer.md'], 'claude')).toContain('agent: { default: auto, prompts: { reviewer.md: claude } }');
  });

  test('makes sections, in an empty file too, and takes keys out', () => {
    expect(edited('', ['limits', 'grace'], '5s')).toBe('limits:\n  grace: 5s\n');
    expect(edited('# mine\nlimits:\n', ['limits', 'grace'], '5s')).toContain('limits:\n  grace: 5s\n');
    expect(edited('logs_dir: a\ntmp_dir: b\n', ['logs_dir'], undefined)).toBe('tmp_dir: b\n');
  });

  test('refuses a change that would make the file wrong', () => {
    expect(edited(text, ['router', 'enabeld'], true)).toContain('Did you mean "enabled"?');
    expect(edited(text, ['limits', 'grace'], 5)).toContain('needs a unit');
    expect(edited('a: [', ['limits', 'grace'], '5s')).toContain('o.yaml:1');
    expect(edited('sandbox: strict\n', ['sandbox', 'pass_env'], ['A'])).toContain('Cannot set sandbox.pass_env');
  });
});
