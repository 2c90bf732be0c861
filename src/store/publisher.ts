import type { StoredEvent } from './store.ts';

type Listener = (events: readonly StoredEvent[]) => void;

/** Passes events on to whoever wants them. */
export interface Publisher {
  subscribe(listener: Listener): () => void;
  publish(events: readonly StoredEvent[]): void;
}

export function createPublisher(): Publisher {
  const listeners = new Set<{ readonly listener: Listener }>();
  return {
    subscribe(listener) {
      // The same function may subscribe twice.
      const entry = { listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    publish(events) {
      if (events.length === 0) return;
      // Whoever begins to listen because of these events gets the next ones.
      const present = [...listeners];
      for (const { listener } of present) {
        try {
          listener(events);
        } catch (error) {
          // The write is committed and the others want their events too: a bug of one listener is told, and no more.
          process.emitWarning(error instanceof Error ? error : new Error(String(error)));
        }
      }
    },
  };
}
