import { InvalidArgumentError } from 'commander';

/** Parsers for option values; each says what was expected. */

export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) throw new InvalidArgumentError(`Expected a whole number of at least ${minimum}.`);
    return value;
  };
}

export function amount(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || !Number.isFinite(value)) throw new InvalidArgumentError('Expected an amount such as 2 or 0.50.');
  return value;
}

/** `a=b,c=d`; may be given several times. */
export function pairs(text: string, previous: Readonly<Record<string, string>> = {}): Record<string, string> {
  const found: Record<string, string> = { ...previous };
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    if (at <= 0 || at === part.length - 1) throw new InvalidArgumentError(`Expected name=agent pairs separated by commas, not ${JSON.stringify(part)}.`);
    found[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return found;
}

/** `a,b,c`; may be given several times. */
export function list(text: string, previous: readonly string[] = []): string[] {
  return [...previous, ...text.split(',').map((part) => part.trim()).filter((part) => part !== '')];
}
