import { didYouMean } from '../base/suggest.ts';
import { oneOf, shown, written, type Refuse } from './value.ts';

/** Values of orchestration.yaml that hold several texts. */

const stringList = (raw: unknown, refuse: Refuse): string[] => {
  if (typeof raw === 'string') return raw.split(',').map((part) => part.trim()).filter((part) => part !== '');
  if (!Array.isArray(raw)) return refuse(`must be a list, or one text with commas, not ${shown(raw)}`);
  return raw.map((item: unknown, index) => {
    if (typeof item === 'string' && item.trim() !== '') return item.trim();
    return refuse(`must be text, not ${shown(item)}${typeof item === 'number' ? '; put it in quotes' : ''}`, [index]);
  });
};
const LIST = { anyOf: [{ type: 'array', items: { type: 'string', minLength: 1 } }, { type: 'string' }] };

/** A list of texts; also written as one text with commas. */
export const list = () => written((raw, refuse): readonly string[] => stringList(raw, refuse), LIST);

/** A list of texts, each one of the words; upper case once parsed. */
export const choices = <const W extends string>(words: readonly W[]) =>
  written(
    (raw, refuse): readonly W[] =>
      stringList(raw, refuse).map((item, index) => {
        const word = words.find((known) => known === item.toUpperCase());
        return word ?? refuse(`must be ${oneOf(words)}, not ${shown(item)}.${didYouMean(item.toUpperCase(), words)}`, [index]);
      }),
    { anyOf: [{ type: 'array', items: { enum: [...words] } }, { type: 'string' }] },
  );

/** File name extensions, with or without their dot; with it once parsed. */
export const extensions = () =>
  written(
    (raw, refuse): readonly string[] =>
      stringList(raw, refuse).map((item, index) => {
        if (/[/\\*?\s]/.test(item) || /^\.*$/.test(item)) return refuse(`must be an extension such as .md, not ${shown(item)}`, [index]);
        return `.${item.replace(/^\.+/, '')}`;
      }),
    LIST,
  );

/** A program and its arguments, never a shell string: nothing in it is split or expanded. */
export const argv = () =>
  written(
    (raw, refuse): readonly [string, ...string[]] => {
      const parts = listOfArguments(raw, refuse);
      return parts[0] ? (parts as [string, ...string[]]) : refuse('must name a program: ["./agent.sh", "--fast"]');
    },
    { type: 'array', items: { type: 'string' }, minItems: 1 },
  );

/** Further arguments of a program; possibly none. */
export const argumentList = () => written((raw, refuse): readonly string[] => listOfArguments(raw, refuse), { type: 'array', items: { type: 'string' } });

function listOfArguments(raw: unknown, refuse: Refuse): string[] {
  if (!Array.isArray(raw)) return refuse(`must be a list with one argument an item, not ${shown(raw)}`);
  return raw.map((item: unknown, index) => {
    if (typeof item !== 'string') return refuse(`must be text, not ${shown(item)}; put it in quotes`, [index]);
    return item.includes('\0') ? refuse('must not hold a NUL character', [index]) : item;
  });
}

/** A command line for `sh -c`, or an argv that needs no shell. */
export const command = () =>
  written(
    (raw, refuse): string | readonly string[] => {
      if (typeof raw === 'string' && raw.trim() !== '') return raw;
      if (Array.isArray(raw) && raw.length > 0) return listOfArguments(raw, refuse);
      return refuse(`must be a command line or a list of its arguments, not ${shown(raw)}`);
    },
    { anyOf: [{ type: 'string', minLength: 1 }, { type: 'array', items: { type: 'string' }, minItems: 1 }] },
  );
