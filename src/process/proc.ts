import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

export const ON_LINUX = process.platform === 'linux';

/** What the system tells of one process. */
export interface ProcessFacts {
  readonly pid: number;
  /** Process group. */
  readonly group: number;
  /** Ended, but not yet waited for by its parent. */
  readonly zombie: boolean;
  /** When it started, in the system's own unit; only good for comparing. */
  readonly started: string;
}

/** Facts of one process; null when there is none. Linux reads `/proc`; elsewhere `ps` is asked. */
export function factsOf(pid: number): ProcessFacts | null {
  if (!ON_LINUX) return psFacts(['-p', String(pid)])[0] ?? null;
  const stat = readProc(pid, 'stat');
  return stat === null ? null : parseStat(stat.toString('latin1'));
}

/** Facts of every process that may be seen. */
export function allFacts(): ProcessFacts[] {
  if (!ON_LINUX) return psFacts(['-A']);
  return allPids().flatMap((pid) => factsOf(pid) ?? []);
}

/** Numbers of every process that may be seen (Linux). */
export const allPids = (): number[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);

/** A moment in the row of process numbers: the one last given, and how many processes and threads there had been in all. */
export interface PidMoment {
  readonly last: number;
  readonly forks: number;
}

/** Now (Linux). Source: proc_loadavg(5), the last field; proc_stat(5), `processes`. Null where it cannot be read. */
export function pidMoment(): PidMoment | null {
  try {
    const last = Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1));
    const forks = Number(/^processes (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]);
    return last > 0 && forks > 0 ? { last, forks } : null;
  } catch {
    return null;
  }
}

/** The smallest limit that systems have; numbers begin anew there. */
const FEWEST_PIDS = 32_768;

/** Numbers of the processes that came after a moment, with some that did not (Linux): it only spares looking into most of the others. */
export function pidsSince(since: PidMoment | null): number[] {
  const now = since === null ? null : pidMoment();
  // Numbers grow until they begin anew, which takes a whole row of them. Where that may have been, everyone is looked at.
  const certain = since !== null && now !== null && now.last >= since.last && now.forks - since.forks < FEWEST_PIDS / 2;
  return certain ? allPids().filter((pid) => pid > since.last) : allPids();
}

/** A file of `/proc/<pid>`; null when the process is gone or not ours to read. */
export function readProc(pid: number, file: 'stat' | 'environ' | 'cmdline'): Buffer | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    // ENOENT and ESRCH when it ended meanwhile, EACCES when it is another user's: nothing to be known either way.
    return null;
  }
}

/**
 * Facts from the text of `/proc/<pid>/stat`; null when it is none. The command's name stands in brackets and may hold
 * spaces and brackets itself, so that fields are counted from the last closing one. Source: proc_pid_stat(5).
 */
export function parseStat(text: string): ProcessFacts | null {
  const pid = Number.parseInt(text, 10);
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const [state, , group] = fields;
  const started = fields[19];
  if (!(pid > 0) || close < 0 || state === undefined || group === undefined || started === undefined) return null;
  return { pid, group: Number(group), zombie: state === 'Z' || state === 'X' || state === 'x', started };
}

/** Facts from lines of `ps` with the columns pid, pgid, stat and lstart. */
export function parsePs(text: string): ProcessFacts[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, group, state, started] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S.*\S)\s*$/.exec(line) ?? [];
    if (pid === undefined || group === undefined || state === undefined || started === undefined) return [];
    return [{ pid: Number(pid), group: Number(group), zombie: state.startsWith('Z'), started }];
  });
}

// One `-o` a column: BSD's ps would take a comma and all after it for the first column's title.
const COLUMNS = ['-o', 'pid=', '-o', 'pgid=', '-o', 'stat=', '-o', 'lstart='];

const psFacts = (selection: readonly string[]): ProcessFacts[] => parsePs(askPs([...COLUMNS, ...selection]));

/** What `ps` prints, in a fixed locale and time zone; empty when it finds nothing. */
export function askPs(args: readonly string[]): string {
  try {
    // Plain child_process: this is called at every start, and loading execa alone costs 70 ms.
    return execFileSync('ps', args, { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
