/** Longest line that is delivered whole, in bytes. */
export const LINE_LIMIT = 10 * 1024 * 1024;

/** One line without its end (`\n` or `\r\n`). `truncated`: it was longer than the limit, and this is its beginning. */
export interface Line {
  readonly text: string;
  readonly truncated: boolean;
}

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Delivers what stands after the last newline, if anything. */
  end(): void;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** What is kept between two long lines. */
const SMALL = 64 * 1024;

/**
 * Splits a stream of bytes into lines of text. Lines are decoded as a whole, so that a character cut by a chunk's edge
 * is not lost; invalid bytes become U+FFFD. A line over the limit is delivered once, cut, and the rest of it is dropped
 * without being held. Held memory is at most the limit, however small the chunks are.
 */
export function createLineSplitter(onLine: (line: Line) => void, limit: number = LINE_LIMIT): LineSplitter {
  // Unfinished bytes are copied: keeping the chunks themselves would keep their buffers, which for chunks of one byte is
  // a thousand times the text. The copy grows in place and gives its memory back at once, not when garbage is collected.
  const memory = new ArrayBuffer(Math.min(SMALL, limit), { maxByteLength: limit });
  const store = Buffer.from(memory);
  let held = 0;
  let dropping = false;

  const hold = (bytes: Buffer): void => {
    const needed = held + bytes.length;
    if (needed > memory.byteLength) memory.resize(Math.min(limit, Math.max(needed, 2 * memory.byteLength)));
    bytes.copy(store, held);
    held = needed;
  };

  const deliver = (rest: Buffer, truncated: boolean): void => {
    let bytes = rest;
    if (held > 0) {
      hold(rest);
      bytes = store.subarray(0, held);
      held = 0;
    }
    const end = !truncated && bytes.length > 0 && bytes[bytes.length - 1] === RETURN ? bytes.length - 1 : bytes.length;
    const text = truncated ? decodeBeginning(bytes) : bytes.toString('utf8', 0, end);
    if (memory.byteLength > SMALL) memory.resize(SMALL);
    onLine({ text, truncated });
  };

  const take = (bytes: Buffer): void => {
    if (dropping || bytes.length === 0) return;
    if (held + bytes.length <= limit) return hold(bytes);
    deliver(bytes.subarray(0, limit - held), true);
    dropping = true;
  };

  return {
    push(chunk) {
      let start = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
        const rest = chunk.subarray(start, at);
        start = at + 1;
        if (dropping) dropping = false;
        else if (held + rest.length > limit) deliver(rest.subarray(0, limit - held), true);
        else deliver(rest, false);
      }
      take(start === 0 ? chunk : chunk.subarray(start));
    },
    end() {
      if (held > 0) deliver(Buffer.alloc(0), false);
      dropping = false;
    },
  };
}

/** Text of bytes that were cut anywhere: a character that the cut went through is left out rather than spoilt. */
const decodeBeginning = (bytes: Buffer): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true });
