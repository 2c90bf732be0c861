import { spawnSync } from 'node:child_process';

/**
 * Hosts of their own on one machine: network namespaces of Linux, each with a link into a bridge that stands in one more
 * namespace. Nothing of the machine's own network is touched. Needs root and iproute2; ip-netns(8).
 */
export interface Network extends AsyncDisposable {
  /** Words that start a program on a host; they become that program. */
  on(host: string): string[];
  addressOf(host: string): string;
  /** Its link is gone: what it sends ends in errors after a while. */
  cut(host: string): void;
  /** What `from` sends to `to` is lost on the way without a word; all else arrives. */
  lose(from: string, to: string): void;
  /** What a host sends is held back: each frame, or on a kernel without netem each full one (small ones for less), by so much. Milliseconds. */
  delay(host: string, ms: number): void;
  /** As if switched off and on again, when nothing runs on it any more: what was under way to others never arrives. */
  restart(host: string): void;
  /** Ends all that `cut`, `lose` and `delay` did to a host and its links. */
  heal(host: string): void;
}

const FRAME_BYTES = 1514;
/** A hardware address that nobody has. */
const NOBODY = '02:00:00:00:00:99';
let made = 0;

function attempt(...args: string[]): string | null {
  const [program = '', ...words] = args;
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (status === 0) return null;
  return `${args.join(' ')}: ${error === undefined ? stderr.trim() : error.message}`;
}

function run(...args: string[]): void {
  const problem = attempt(...args);
  if (problem !== null) throw new Error(problem);
}

/** Throws where namespaces cannot be made here, with the reason. */
export function createNetwork(hosts: readonly string[]): Network {
  made += 1;
  const names = new Map([...hosts, 'switch'].map((host) => [host, `rig-${process.pid}-${made}-${host}`]));
  const nsOf = (host: string): string => names.get(host) ?? '';
  const addressOf = (host: string): string => `10.77.0.${hosts.indexOf(host) + 1}`;
  const hardware = (host: string): string => `02:00:00:00:00:0${hosts.indexOf(host) + 1}`;
  const remove = (): void => {
    for (const ns of names.values()) attempt('ip', 'netns', 'delete', ns);
  };
  // A test run that ends in the middle still takes them along.
  process.once('exit', remove);
  const close = (): void => {
    remove();
    process.off('exit', remove);
  };

  const connect = (host: string): void => {
    run('ip', 'netns', 'add', nsOf(host));
    run('ip', '-n', nsOf(host), 'link', 'add', 'eth0', 'address', hardware(host), 'type', 'veth', 'peer', 'name', `to-${host}`, 'netns', nsOf('switch'));
    run('ip', '-n', nsOf('switch'), 'link', 'set', `to-${host}`, 'master', 'br0', 'up');
    run('ip', '-n', nsOf(host), 'address', 'add', `${addressOf(host)}/24`, 'dev', 'eth0');
    run('ip', '-n', nsOf(host), 'link', 'set', 'lo', 'up');
    run('ip', '-n', nsOf(host), 'link', 'set', 'eth0', 'up');
  };

  try {
    run('ip', 'netns', 'add', nsOf('switch'));
    run('ip', '-n', nsOf('switch'), 'link', 'add', 'br0', 'type', 'bridge');
    run('ip', '-n', nsOf('switch'), 'link', 'set', 'br0', 'up');
    hosts.forEach(connect);
  } catch (error) {
    close();
    throw new Error(`This test needs network namespaces (root, iproute2, and a kernel with veth and bridge), which cannot be made here: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }

  return {
    on: (host) => ['ip', 'netns', 'exec', nsOf(host)],
    addressOf,
    cut: (host) => run('ip', '-n', nsOf('switch'), 'link', 'set', `to-${host}`, 'down'),
    lose: (from, to) => run('ip', '-n', nsOf(from), 'neighbour', 'replace', addressOf(to), 'lladdr', NOBODY, 'nud', 'permanent', 'dev', 'eth0'),
    delay(host, ms) {
      const queue = ['tc', '-n', nsOf(host), 'qdisc', 'replace', 'dev', 'eth0', 'root'];
      if (attempt(...queue, 'netem', 'delay', `${ms}ms`) === null) return;
      // A rate at which a full frame takes so long.
      run(...queue, 'tbf', 'rate', `${Math.ceil((FRAME_BYTES * 8000) / ms)}bit`, 'burst', String(FRAME_BYTES + 40), 'latency', '60s');
    },
    restart(host) {
      run('ip', '-n', nsOf('switch'), 'link', 'delete', `to-${host}`);
      run('ip', 'netns', 'delete', nsOf(host));
      connect(host);
    },
    heal(host) {
      run('ip', '-n', nsOf('switch'), 'link', 'set', `to-${host}`, 'up');
      attempt('tc', '-n', nsOf(host), 'qdisc', 'delete', 'dev', 'eth0', 'root');
      for (const other of hosts) {
        if (other === host) continue;
        run('ip', '-n', nsOf(host), 'neighbour', 'replace', addressOf(other), 'lladdr', hardware(other), 'nud', 'permanent', 'dev', 'eth0');
        run('ip', '-n', nsOf(other), 'neighbour', 'replace', addressOf(host), 'lladdr', hardware(host), 'nud', 'permanent', 'dev', 'eth0');
      }
    },
    [Symbol.asyncDispose]: async () => close(),
  };
}
