import type { WebSocket } from 'ws';

/** A reader that takes nothing while this much waits for it is let go; it resumes from where it was. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_FRAMES = 10_000;
/** And one that this much waits for, whatever it takes. */
const HARD_BYTES = 32 * 1024 * 1024;
/** How long it may take nothing. A burst within one moment makes nobody slow. Milliseconds. */
const STUCK_MS = 1000;
/** A reader that this much waits for is better served from the store. */
const BEHIND_BYTES = 1024 * 1024;
const BEHIND_FRAMES = 1000;
/** How long a reader gets to take in what it was sent before it was let go, and the reason with it. Milliseconds. */
const FAREWELL_MS = 10_000;

/** Close codes; those from 4000 on are ours. */
export const CLOSE = { going_away: 1001, slow_reader: 4008, failed: 1011 } as const;

const TOO_SLOW = 'slow reader: too far behind; resume with ?since=';

/** One reader. */
export interface Connection {
  /** Chunks whose output it wants; `*` for all. */
  readonly tails: ReadonlySet<string>;
  /** Sends text, unless the reader is too far behind: then it is let go. False where it gets no more. */
  send(frame: string | Buffer): boolean;
  /** Resolves once everything sent so far has left this process, or nothing will any more. */
  flushed(): Promise<void>;
  isOpen(): boolean;
  /** Much waits for it. */
  isBehind(): boolean;
  /** Something waits for it, and it has taken nothing for a while. */
  isStuck(): boolean;
  /** Asks for a sign of life; ends a connection that gave none since the last time. */
  probe(): void;
  /** Lets it go as one that is too slow. */
  drop(): void;
  /** Ends it with a reason; by force where the other side does not answer. */
  end(code: number, reason: string): void;
}

/** `onDrop` is told when it is let go for being slow. */
export function createConnection(socket: WebSocket, tails: ReadonlySet<string>, onDrop: () => void): Connection {
  let outstanding = 0;
  let progress = 0;
  let ending = false;
  let answered = true;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const now = waiting;
    waiting = [];
    for (const resolve of now) resolve();
  };
  const sent = (): void => {
    outstanding--;
    progress = performance.now();
    if (outstanding === 0) wake();
  };
  socket.on('pong', () => (answered = true));
  // Its close follows; the reason is the other side's own affair.
  socket.on('error', () => undefined);
  socket.on('close', wake);
  const isOpen = (): boolean => !ending && socket.readyState === socket.OPEN;
  const end = (code: number, reason: string): void => {
    if (ending) return;
    ending = true;
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), FAREWELL_MS).unref();
  };
  const drop = (): void => {
    if (ending) return;
    end(CLOSE.slow_reader, TOO_SLOW);
    onDrop();
  };
  const isStuck = (): boolean => outstanding > 0 && performance.now() - progress > STUCK_MS;
  return {
    tails,
    isOpen,
    isStuck,
    drop,
    isBehind: () => outstanding > BEHIND_FRAMES || socket.bufferedAmount > BEHIND_BYTES,
    end,
    send(frame) {
      if (!isOpen()) return false;
      const waiting = socket.bufferedAmount;
      if (waiting > HARD_BYTES || ((waiting > MOST_BYTES || outstanding >= MOST_FRAMES) && isStuck())) {
        drop();
        return false;
      }
      if (outstanding === 0) progress = performance.now();
      outstanding++;
      socket.send(frame, { binary: false }, sent);
      return true;
    },
    async flushed() {
      if (outstanding > 0 && isOpen()) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    probe() {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    },
  };
}
