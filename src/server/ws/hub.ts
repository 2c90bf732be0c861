import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { failureOf } from '../../base/failure.ts';
import { SNAPSHOT } from '../../spine/feed.ts';
import type { Feed } from '../../spine/feed.ts';
import type { Resources } from '../../spine/resource.ts';
import type { Store, StoredEvent } from '../../store/store.ts';
import type { DaemonLog } from '../daemon/log.ts';
import { refuseUpgrade } from '../http/listen.ts';
import { refusal } from '../http/problem.ts';
import { CLOSE, createConnection } from './connection.ts';
import type { Connection } from './connection.ts';

/** Events of the store that a reader is sent at a time while it catches up. */
const PAGE = 500;
/** More events at once than this are fetched from the store as a reader takes them. */
const BURST = 1000;
/** A reader that is further behind, and takes nothing, is let go. Events. */
const MOST_BEHIND = 10_000;
/** Between two signs of life. Milliseconds. */
const PROBE_MS = 20_000;
/** How long readers get at the end to say goodbye. Milliseconds. */
const GOODBYE_MS = 1000;
/** Readers only listen. Bytes. */
const MOST_HEARD = 1024;

export interface HubHost {
  readonly version: string;
  readonly store: Store;
  readonly resources: Resources;
  readonly log: DaemonLog;
}

/** Everybody who listens over `/ws`. */
export interface Hub extends Feed {
  /** Takes a request that has passed the gate. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
}

interface Reader extends Connection {
  /** Number of the newest event that it was sent. */
  cursor: number;
  /** Whether it has caught up, and gets events as they are published. */
  live: boolean;
}

/** What a stored event looks like on its way. */
const frameOf = ({ seq, type, at, unit, data }: StoredEvent): string => JSON.stringify({ seq, type, at, unit, data });

export function createHub(host: HubHost): Hub {
  const server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MOST_HEARD });
  const readers = new Set<Reader>();
  /** Number of the newest event that was published since this began. */
  let newest = 0;
  const unsubscribe = host.store.subscribe((events) => {
    newest = events.at(-1)?.seq ?? newest;
    const frames: Buffer[] = [];
    for (const reader of readers) {
      if (!reader.live) {
        if (newest - reader.cursor > MOST_BEHIND && reader.isStuck()) reader.drop();
        continue;
      }
      if (events.length > BURST || reader.isBehind()) {
        reader.live = false;
        serveReader(reader, () => catchUp(reader));
        continue;
      }
      for (const [index, event] of events.entries()) {
        const frame = (frames[index] ??= Buffer.from(frameOf(event)));
        if (event.seq > reader.cursor && reader.send(frame)) reader.cursor = event.seq;
      }
    }
  });
  const timer = setInterval(() => readers.forEach((reader) => reader.probe()), PROBE_MS);
  timer.unref();

  /** Sends what was missed, page by page as the reader takes it, and joins it to what is published from here on. */
  const catchUp = async (reader: Reader): Promise<void> => {
    while (reader.isOpen()) {
      const page = await host.store.events(reader.cursor, PAGE);
      for (const event of page) if (reader.send(frameOf(event))) reader.cursor = event.seq;
      await reader.flushed();
      // Nothing waits between this look and the joining: an event is in the store before it is published, so that one
      // published up to now was either sent or makes another round.
      if (page.length < PAGE && newest <= reader.cursor) {
        reader.live = true;
        return;
      }
    }
  };

  const serveReader = (reader: Reader, work: () => Promise<void>): void => {
    work().catch((error: unknown) => {
      const failure = failureOf(error);
      host.log.error(`A WebSocket could not be served: ${failure.message}`, { ...failure.details });
      reader.end(CLOSE.failed, failure.code);
    });
  };

  const greet = async (reader: Reader, since: number | null): Promise<void> => {
    const snapshot = host.resources.find(SNAPSHOT) ?? (async () => ({ units: [] }));
    const { seq, data } = await host.store.read(async (tx) => {
      const newestStored = await tx.db.selectFrom('events').select(({ fn }) => fn.max('seq').as('seq')).executeTakeFirst();
      return { seq: Number(newestStored?.seq ?? 0), data: await snapshot(tx) };
    });
    reader.send(JSON.stringify({ type: 'hello', version: host.version, seq }));
    reader.send(JSON.stringify({ type: 'snapshot', seq, at: new Date().toISOString(), data }));
    // A number that was never reached is of another history: the snapshot says all there is.
    reader.cursor = since !== null && since <= seq ? since : seq;
    await catchUp(reader);
  };

  const accept = (socket: WebSocket, since: number | null, tails: ReadonlySet<string>): void => {
    const reader: Reader = { ...createConnection(socket, tails, () => host.log.warn('a slow reader of the WebSocket was let go', { tails: [...tails] })), cursor: 0, live: false };
    readers.add(reader);
    socket.on('close', () => readers.delete(reader));
    serveReader(reader, () => greet(reader, since));
  };

  return {
    broadcast(frame) {
      let text: Buffer | null = null;
      for (const reader of readers) {
        if (!reader.tails.has(frame.unit) && !reader.tails.has('*')) continue;
        text ??= Buffer.from(JSON.stringify(frame));
        reader.send(text);
      }
    },
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? '/', 'http://daemon');
      if (url.pathname !== '/ws') return refuseUpgrade(socket, refusal({ code: 'unknown_route', kind: 'unknown', message: `There is no WebSocket at ${url.pathname}.`, hint: 'It is at /ws.' }));
      const since = url.searchParams.get('since');
      if (since !== null && !/^\d{1,15}$/.test(since)) return refuseUpgrade(socket, refusal({ code: 'input_invalid', kind: 'invalid', message: 'since has to be the number of an event.' }));
      server.handleUpgrade(request, socket, head, (opened) => accept(opened, since === null ? null : Number(since), new Set(url.searchParams.getAll('tail'))));
    },
    async close() {
      clearInterval(timer);
      unsubscribe();
      const gone = until(() => readers.size === 0, GOODBYE_MS);
      for (const reader of readers) reader.end(CLOSE.going_away, 'the daemon ends');
      await gone;
    },
  };
}

async function until(holds: () => boolean, within_ms: number): Promise<void> {
  const end = performance.now() + within_ms;
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
}
