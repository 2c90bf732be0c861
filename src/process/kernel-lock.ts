import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { Server } from 'node:net';

/**
 * Holds a name in the kernel for as long as this process lives, beside a lock file: nobody can delete it, and it goes with
 * the process. Linux's abstract sockets, which nothing can connect to here; elsewhere the file alone has to do, and the
 * result is a lock of no effect. Null when another process holds the name.
 */
export async function holdName(name: string): Promise<{ release(): void } | null> {
  if (process.platform !== 'linux') return { release: () => undefined };
  const address = `\0orchestrator-${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;
  const server: Server = createServer((socket) => socket.destroy());
  const held = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(address, () => resolve(true));
  });
  if (!held) return null;
  server.unref();
  return { release: () => void server.close() };
}
