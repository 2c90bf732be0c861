import { shown, written, type Refuse } from './value.ts';

/** Values of orchestration.yaml that hold texts by name. */

/** Names of environment variables with their values, which must be texts: YAML would have changed `010` or `1.10` already. */
export const variables = () =>
  written(
    (raw, refuse) => {
      const entries = mappingOf(raw, refuse).map(([name, value]): [string, string] => {
        if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return refuse(`has "${name}", which is no name of a variable`);
        if (typeof value !== 'string') return refuse(`${name} must be text, not ${shown(value)}; put it in quotes`);
        return [name, value];
      });
      return Object.fromEntries(entries) as Readonly<Record<string, string>>;
    },
    { type: 'object', additionalProperties: { type: 'string' } },
  );

/** Texts by name; `rename` puts names into their one spelling, or says what is wrong with one. */
export const named = (rename: (name: string) => string | { readonly problem: string }, schema: Record<string, unknown> = {}) =>
  written(
    (raw, refuse) => {
      const entries = mappingOf(raw, refuse).map(([name, value]): [string, string] => {
        const renamed = rename(name);
        if (typeof renamed !== 'string') return refuse(renamed.problem);
        return typeof value === 'string' && value !== '' ? [renamed, value] : refuse(`${name} must be text, not ${shown(value)}`);
      });
      return Object.fromEntries(entries) as Readonly<Record<string, string>>;
    },
    { type: 'object', additionalProperties: { type: 'string' }, ...schema },
  );

function mappingOf(raw: unknown, refuse: Refuse): [string, unknown][] {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse(`must be a mapping of names to texts, not ${shown(raw)}`);
  return Object.entries(raw);
}
