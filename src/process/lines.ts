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
const SLAB = 64 * 1024;

/**
 * Splits a stream of bytes into lines of text. Lines are decoded as a whole, so that a character cut by a chunk's edge
 * is not lost; invalid bytes become U+FFFD. A line over the limit is delivered once, cut, and the rest of it is dropped
 * without being held. Held memory is at most the limit, however small the chunks are.
 */
export function createLineSplitter(onLine: (line: Line) => void, limit: number = LINE_LIMIT): LineSplitter {
  // Unfinished bytes are copied into slabs: keeping the chunks themselves would keep their buffers, which for chunks
  // of one byte is a thousand times the text.
  let slabs: Buffer[] = [];
  let slab: Buffer | null = null;
  let used = 0;
  let held = 0;
  let dropping = false;

  const hold = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length; ) {
      if (slab === null || used === slab.length) {
        slab = Buffer.allocUnsafeSlow(SLAB);
        slabs.push(slab);
        used = 0;
      }
      const taken = bytes.copy(slab, used, at, Math.min(bytes.length, at + slab.length - used));
      used += taken;
      at += taken;
    }
    held += bytes.length;
  };

  const deliver = (rest: Buffer, truncated: boolean): void => {
    let bytes = rest;
    if (held > 0) {
      hold(rest);
      bytes = Buffer.concat(slabs, held);
      // One slab is kept for the next line, so that short lines do not allocate each time.
      slab = slabs[0] ?? null;
      slabs = slab === null ? [] : [slab];
      used = 0;
      held = 0;
    }
    if (truncated) return onLine({ text: decodeBeginning(bytes), truncated });
    const end = bytes.length > 0 && bytes[bytes.length - 1] === RETURN ? bytes.length - 1 : bytes.length;
    onLine({ text: bytes.toString('utf8', 0, end), truncated });
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
      slabs = [];
      slab = null;
      dropping = false;
    },
  };
}

/** Text of bytes that were cut anywhere: a character that the cut went through is left out rather than spoilt. */
const decodeBeginning = (bytes: Buffer): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true });
