import { appendFileSync, constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** A file that grows up to a size. What is written goes to the disk in large pieces, soon after. */
export interface CappedFile {
  /** Whether the cap is reached: what is written now is left out. */
  full(): boolean;
  /** `always`: short and needed later, so that the cap does not hold for it, and written without delay. */
  write(text: string, always?: boolean): void;
  /** What to wait for before more is written; null while the disk keeps up. */
  busy(): Promise<void> | null;
  /** Writes a last text, cap or no cap, and what is left; rejects with the first error of any write. */
  close(last?: string): Promise<void>;
}

/** A link in the file's place is not followed. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** Characters that may wait in memory before the writer has to. */
const HIGH_WATER = 256 * 1024;
/** From so many characters on a write is worth its system call. */
const PIECE = 64 * 1024;
/** A reader of the file is at most so far behind, in milliseconds. */
const DELAY_MS = 50;

/** Opens a file to append to. `marker` is written once in the place of what the cap leaves out. */
export function openCappedFile(path: string, maxBytes: number, marker: string): CappedFile {
  let waiting: string[] = [];
  let size = 0;
  let bytes = 0;
  let marked = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | null = null;
  // The error is told where the file is closed; until then nothing more is written, and the agent goes on.
  let broken: unknown = null;
  let handle: FileHandle | null = null;

  const drain = async (): Promise<void> => {
    try {
      handle ??= await open(path, APPEND);
      while (waiting.length > 0) {
        const text = waiting.join('');
        waiting = [];
        size = 0;
        await handle.appendFile(text);
      }
    } catch (error) {
      broken ??= error;
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing ??= drain().finally(() => (writing = null));
    return writing;
  };
  const add = (text: string): void => {
    waiting.push(text);
    size += text.length;
  };

  return {
    full: () => marked,
    write(text, always = false) {
      if (broken !== null || (marked && !always)) return;
      const length = Buffer.byteLength(text);
      if (bytes + length > maxBytes && !always) {
        marked = true;
        add(marker);
      } else {
        bytes += length;
        add(text);
      }
      if (always || size >= PIECE) void flush();
      else timer ??= setTimeout(() => void flush(), DELAY_MS);
    },
    busy: () => (size > HIGH_WATER && broken === null ? flush() : null),
    async close(last = '') {
      if (broken === null && last !== '') add(last);
      clearTimeout(timer);
      // A quiet agent's few lines are written at once: three trips through the thread pool would take longer.
      if (handle === null && writing === null && broken === null && waiting.length > 0) {
        appendFileSync(path, waiting.join(''), { flag: APPEND as unknown as string });
        waiting = [];
      }
      // A drain that was under way has taken everything up to its last look.
      for (;;) {
        if (broken !== null || (writing === null && waiting.length === 0)) break;
        await flush();
      }
      clearTimeout(timer);
      await handle?.close();
      if (broken !== null) throw broken;
    },
  };
}
