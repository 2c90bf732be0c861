import { SECRET_RULES } from './secret-rules.ts';
import type { SecretRule } from './secret-rules.ts';

/** Where a text holds what looks like a credential: `index` and `length` in UTF-16 units, of the secret part alone. */
export interface FoundSecret {
  readonly rule: string;
  readonly index: number;
  readonly length: number;
}

/**
 * What a search is for. `commit`: files that must not be committed; obvious placeholders and local addresses pass.
 * `log`: text that is about to be shown or kept; when in doubt it counts.
 */
export type SecretSearch = 'commit' | 'log';

/** Credentials in a text, by position, none overlapping another. Time grows with the text's length, whatever it holds. */
export function findSecrets(text: string, search: SecretSearch = 'commit'): FoundSecret[] {
  const found = findPrivateKeys(text, search);
  for (const rule of SECRET_RULES) {
    if (rule.only_in_logs === true && search === 'commit') continue;
    if (isNear(text, rule)) collect(text, rule, search, found);
  }
  if (found.length < 2) return found;
  // Stable: of two that start together the rule that stands first in the table wins.
  const byPlace = found.toSorted((a, b) => a.index - b.index);
  let end = 0;
  return byPlace.filter((secret) => {
    if (secret.index < end) return false;
    end = secret.index + secret.length;
    return true;
  });
}

const isNear = (text: string, rule: SecretRule): boolean => (rule.near instanceof RegExp ? rule.near.test(text) : rule.near.some((part) => text.includes(part)));

function collect(text: string, rule: SecretRule, search: SecretSearch, found: FoundSecret[]): void {
  for (const match of text.matchAll(rule.pattern)) {
    const secret = match.at(-1) ?? match[0];
    // In a log a password of a local address is one too.
    if (rule.accept?.(secret, match[0]) === false && !(search === 'log' && rule.name === 'url-password')) continue;
    found.push({ rule: rule.name, index: match.indices?.at(-1)?.[0] ?? match.index, length: secret.length });
  }
}

const KEY_BEGIN = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const KEY_END = /-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;

/** Quotes, diff and list marks, line breaks (escaped ones too) and PEM's own headers may stand before the key. */
const BEFORE_KEY = /^(?:\s|\\[nr]|["'+,>|#*]){0,40}(?:[A-Za-z-]{1,30}: [^\n\\]{1,100}(?:\s|\\[nr]){1,10}){0,5}/;

/** A beginning without a key after it is a text about keys. Where an end line follows, a short key is one too. */
function holdsKey(text: string, complete: boolean): boolean {
  const key = text.slice(BEFORE_KEY.exec(text)?.[0].length ?? 0);
  return (complete ? /^[A-Za-z0-9+/=]{4}/ : /^[A-Za-z0-9+/=]{16}/).test(key);
}

/** Name of the rule for PEM blocks. */
export const PRIVATE_KEY = 'private-key';

/** PEM blocks from beginning to end line. In a log one without an end reaches to the end of the text, as it was cut. */
function findPrivateKeys(text: string, search: SecretSearch): FoundSecret[] {
  const found: FoundSecret[] = [];
  if (!text.includes('PRIVATE KEY')) return found;
  const ends = text.matchAll(KEY_END);
  let end = ends.next();
  let past = 0;
  for (const begin of text.matchAll(KEY_BEGIN)) {
    if (begin.index < past) continue;
    const body = begin.index + begin[0].length;
    // Both walk forward together: searching anew from each beginning would be quadratic.
    while (end.done !== true && end.value.index < body) end = ends.next();
    if (search === 'commit' && !holdsKey(text.slice(body, body + 1024), end.done !== true)) continue;
    past = end.done === true ? text.length : end.value.index + end.value[0].length;
    found.push({ rule: isServiceAccount(text, begin.index) ? 'gcp-private-key' : PRIVATE_KEY, index: begin.index, length: past - begin.index });
  }
  return found;
}

const isServiceAccount = (text: string, at: number): boolean => /"private_key"\s{0,5}:\s{0,5}"$/.test(text.slice(Math.max(0, at - 40), at));

/** Whether a line begins a PEM block that it does not end, so that the lines after it belong to the secret. */
export function opensPrivateKey(line: string): boolean {
  const begin = line.lastIndexOf('-----BEGIN ');
  return begin >= 0 && line.includes('PRIVATE KEY', begin) && !line.includes('-----END ', begin);
}
