import { shown, written, type Refuse } from './value.ts';

/** Values of orchestration.yaml that hold texts by name. */

/** What is wrong with a name, or null. */
type NameCheck = (name: string) => string | null;

/** Texts by name. */
export const named = (check: NameCheck = () => null, schema: Record<string, unknown> = {}) =>
  written((raw, refuse): Readonly<Record<string, string>> => texts(raw, refuse, check, false), {
    type: 'object',
    additionalProperties: { type: 'string', minLength: 1 },
    ...schema,
  });

/** Environment variables. Their values must be texts, because of `010` or `1.10` YAML would have kept another number. */
export const variables = () =>
  written(
    (raw, refuse): Readonly<Record<string, string>> =>
      texts(raw, refuse, (name) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? null : 'is no name of an environment variable'), true),
    { type: 'object', additionalProperties: { type: 'string' } },
  );

function texts(raw: unknown, refuse: Refuse, check: NameCheck, empty: boolean): Record<string, string> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse(`must be a mapping of names to texts, not ${shown(raw)}`);
  const entries = Object.entries(raw).map(([name, value]: [string, unknown]): [string, string] => {
    const problem = check(name);
    if (problem !== null) return refuse(problem, [name]);
    if (typeof value === 'number' || typeof value === 'boolean') return refuse(`must be text, not ${shown(value)}; put it in quotes`, [name]);
    if (typeof value !== 'string' || value.includes('\0') || (!empty && value.trim() === '')) return refuse(`must be text, not ${shown(value)}`, [name]);
    return [name, value];
  });
  return Object.fromEntries(entries);
}
