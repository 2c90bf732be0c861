import { closeSync, fchmodSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** A file that lines are appended to; when it would grow beyond a limit it becomes `<name>.1`, in place of the one before. */
export interface RotatingFile {
  write(line: string): void;
  close(): void;
}

export function openRotatingFile(path: string, limitBytes: number): RotatingFile {
  let file = open(path);
  let size = fstatSync(file).size;
  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (size > 0 && size + bytes.length > limitBytes) {
        closeSync(file);
        renameSync(path, `${path}.1`);
        file = open(path);
        size = 0;
      }
      size += bytes.length;
      writeSync(file, bytes);
    },
    close: () => closeSync(file),
  };
}

function open(path: string): number {
  const file = openSync(path, 'a', 0o600);
  fchmodSync(file, 0o600);
  return file;
}
