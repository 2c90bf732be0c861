import { findSecrets, opensPrivateKey, PRIVATE_KEY } from '../base/secrets.ts';
import type { AgentEvent } from './event.ts';

/** Puts `[redacted:<rule>]` in the place of secrets. */
export interface Redactor {
  /** A text that stands for itself. */
  text(text: string): string;
  /** A copy of an event with every string redacted, but for those of a fixed meaning. */
  event(event: AgentEvent): AgentEvent;
  /** For the lines of one stream, in order: blocks that go over several lines are hidden too. */
  lines(): (line: string) => string;
}

/** Values shorter than this are too common to be hidden wherever they occur. */
const SHORTEST_LITERAL = 8;
/** A PEM block is never longer; a text that only mentions its first line must not hide all that follows. */
const LONGEST_BLOCK = 200;

/** Fields of an event that hold one of a few words of our own, which no secret may change. */
const FIXED: ReadonlySet<string> = new Set(['type', 'class', 'reason', 'stream']);

const marker = (rule: string): string => `[redacted:${rule}]`;

/** A redactor for well-known formats of credentials and for these very values. */
export function createRedactor(literals: readonly string[]): Redactor {
  const values = spellings(literals);
  const text = (original: string): string => {
    let known = original;
    for (const value of values) if (known.includes(value)) known = known.replaceAll(value, marker('environment'));
    const found = findSecrets(known, 'log');
    if (found.length === 0) return known;
    let shown = '';
    let at = 0;
    for (const { rule, index, length } of found) {
      shown += known.slice(at, index) + marker(rule);
      at = index + length;
    }
    return shown + known.slice(at);
  };
  return {
    text,
    event: (event) => Object.fromEntries(Object.entries(event).map(([key, value]) => [key, FIXED.has(key) ? value : mapStrings(value, text)])) as AgentEvent,
    lines() {
      let within = 0;
      return (line) => {
        if (within > 0) {
          within -= 1;
          const end = /-----END [A-Z0-9 ]{0,80}-----/.exec(line);
          if (end !== null) within = 0;
          if (end !== null) return marker(PRIVATE_KEY) + text(line.slice(end.index + end[0].length));
          if (looksLikeKey(line)) return marker(PRIVATE_KEY);
          within = 0;
        }
        if (opensPrivateKey(line)) within = LONGEST_BLOCK;
        return text(line);
      };
    },
  };
}

/** Values of the variables whose names tell that they are secret. */
export function secretValues(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => (value !== undefined && /KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL/i.test(name) ? [value] : []));
}

/** How a value may be written in a log: as it is, line by line, as JSON and in a URL. Longest first, as one may hold another. */
function spellings(literals: readonly string[]): string[] {
  const all = new Set<string>();
  for (const literal of literals) {
    for (const line of literal.split('\n')) {
      const value = line.trim();
      if (value.length < SHORTEST_LITERAL) continue;
      for (const spelling of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed())]) all.add(spelling);
    }
  }
  return [...all].toSorted((a, b) => b.length - a.length);
}

/** Whether a line may be part of a PEM block: base64, a header or nothing, behind whatever a tool puts before a line. */
function looksLikeKey(line: string): boolean {
  if (line.length > 4096) return false;
  const rest = line.replace(/^(?:[\w./-]{1,200}:\d{1,7}[:-])?[\W\d]{0,30}/, '');
  return /^[A-Za-z0-9+/=]*\W{0,8}$/.test(rest) || /^[A-Za-z-]{1,30}: /.test(rest);
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((each) => mapStrings(each, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapStrings(each, map)]));
}
