/** Runs under supervision what its arguments say, for the tests that kill the supervisor: `<folder> <variable> <value> <shell script>`. */
import { join } from 'node:path';
import { runSupervised } from '../../src/process/supervised.ts';

const [folder = '', variable = '', value = '', script = ''] = process.argv.slice(2);

await runSupervised(
  {
    argv: ['/bin/sh', '-c', script],
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '' },
    variables: { [variable]: value },
    stdin_file: join(folder, 'prompt'),
    status_file: join(folder, 'status'),
    turn_timeout_ms: 0,
    stall_timeout_ms: 0,
    grace_ms: 10_000,
  },
  { onLine: (_, line) => void process.stdout.write(`${line.text}\n`) },
  new AbortController().signal,
);
