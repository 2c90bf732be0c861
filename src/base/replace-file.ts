import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, fsyncSync, ftruncateSync, lstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

export interface ReplaceOptions {
  /** Permissions; else those of the file that is replaced, or the usual ones. */
  readonly mode?: number;
  /** On the disk before it takes the other's place: after a power cut there is the old or the new text, never an empty file. */
  readonly durable?: boolean;
}

/**
 * Puts `text` in a file's place in one step, by a file beside it that is renamed: nobody ever reads a part of it, and a crash leaves
 * the old one whole. Owner and permissions stay; a link is replaced itself, what it leads to is left alone. Throws what the file
 * system says, having left nothing behind.
 */
export function replaceFile(path: string, text: string, { mode, durable = false }: ReplaceOptions = {}): void {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  const old = entry?.isFile() === true ? entry : undefined;
  const wanted = mode ?? (old === undefined ? undefined : old.mode & 0o7777);
  // A name that nobody can have put a link at.
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const descriptor = openSync(beside, 'wx', wanted ?? 0o666);
  try {
    try {
      writeAll(descriptor, Buffer.from(text));
      // What the umask took away.
      if (wanted !== undefined) fchmodSync(descriptor, wanted);
      // Only root's files can change hands: in a folder of somebody else's, theirs stay theirs.
      if (old !== undefined && process.getuid?.() === 0 && old.uid !== 0) fchownSync(descriptor, old.uid, old.gid);
      if (durable) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/**
 * Writes over a file that nobody reads meanwhile, its own content gone, and keeps the file itself: on some file systems a file that is
 * made anew or cut to nothing costs ten times as much. What is no plain file there, or one with another name elsewhere, is removed first.
 */
export function overwriteFile(path: string, content: string | Uint8Array, { mode = 0o666 }: Pick<ReplaceOptions, 'mode'> = {}): void {
  const descriptor = openPlain(path, mode);
  try {
    const bytes = Buffer.from(content);
    writeAll(descriptor, bytes);
    ftruncateSync(descriptor, bytes.length);
  } finally {
    closeSync(descriptor);
  }
}

/** Never by a link of either kind, and never waiting for who might read a pipe. */
function openPlain(path: string, mode: number): number {
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
    const facts = fstatSync(descriptor);
    if (facts.isFile() && facts.nlink === 1) return descriptor;
    closeSync(descriptor);
  } catch (error) {
    if (!['ELOOP', 'ENXIO', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  rmSync(path, { recursive: true, force: true });
  return openSync(path, 'wx', mode);
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
