import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { isAlive, selfIdentity } from '../process/identity.ts';
import { holdName } from '../process/kernel-lock.ts';

/** Who holds a lock: a process id with the start time that tells it from a later process of the same number. */
export interface LockHolder {
  readonly id: string;
  readonly pid: number;
  readonly identity: string | null;
  readonly host: string;
  readonly what: string;
  readonly at: string;
  /** Where it was made: a copy of the checkout is not locked by it. */
  readonly path?: string;
}

export interface HeldLock {
  release(): Promise<void>;
}

/**
 * Takes a lock file. A living holder: failure `checkout_busy` (conflict). A dead one's lock is taken over; of several
 * that try at once exactly one succeeds, because replacing a given dead lock is itself guarded by a lock named after it.
 */
export async function takeLock(path: string, what: string): Promise<Result<HeldLock>> {
  const mine: LockHolder = {
    id: randomBytes(8).toString('hex'),
    pid: process.pid,
    identity: selfIdentity(),
    host: hostname(),
    what,
    at: new Date().toISOString(),
    path,
  };
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${mine.id}`;
  // A link to a finished file appears with its content or not at all.
  await writeFile(draft, `${JSON.stringify(mine)}\n`, { flag: 'wx' });
  try {
    for (;;) {
      if (await linked(draft, path)) break;
      const holder = await readHolder(path);
      if (holder === null) continue;
      if (isHolderAlive(holder)) return fail(busy(path, holder));
      const guard = await takeLock(`${path}.after-${holder.id}`, what);
      if (!guard.ok) return guard;
      try {
        const still = await readHolder(path);
        if (still?.id !== holder.id) continue;
        await rename(draft, path);
        break;
      } finally {
        await guard.value.release();
      }
    }
  } finally {
    await rm(draft, { force: true });
  }
  // The file may be deleted by whoever works in the checkout; the name in the kernel may not.
  const name = await holdName(path);
  const release = async (): Promise<void> => {
    name?.release();
    if ((await readHolder(path))?.id === mine.id) await rm(path, { force: true });
  };
  if (name === null) {
    await release();
    return fail(busy(path, { ...mine, pid: 0, what: 'one whose lock file was removed' }));
  }
  return ok({ release });
}

/** The lock's holder, dead or alive; null when there is no lock. A file that is no lock counts as a dead holder's. */
export async function readHolder(path: string): Promise<LockHolder | null> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const value = JSON.parse(content) as Partial<LockHolder>;
    const own = typeof value.id === 'string' && /^[0-9a-f]{16}$/.test(value.id) && Number.isInteger(value.pid);
    if (own && (value.path === undefined || value.path === path)) return value as LockHolder;
    // Copied along with the checkout: its holder is at work elsewhere.
    if (own) return { ...(value as LockHolder), pid: 0 };
  } catch {
    // Falls through: garbage is nobody's lock.
  }
  return { id: 'unreadable', pid: 0, identity: null, host: '', what: 'unknown', at: '' };
}

export const isHolderAlive = (holder: LockHolder): boolean => holder.pid > 0 && isAlive(holder.pid, holder.identity);

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function busy(path: string, holder: LockHolder): Parameters<typeof fail>[0] {
  return {
    code: 'checkout_busy',
    kind: 'conflict',
    message: `Another orchestrator (${holder.what}, process ${holder.pid}) is at work in this checkout since ${holder.at}.`,
    hint: 'Wait for it, end it with `orchestrator stop`, or use another clone or worktree.',
    details: { lock: path, pid: holder.pid, host: holder.host, since: holder.at },
  };
}
