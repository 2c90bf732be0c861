/** Runs under supervision what its arguments say, for the tests that kill the supervisor: `<folder> <variable> <value> <own|reused> <shell script>...`. */
import { join } from 'node:path';
import { startReusableWrapper } from '../../src/process/reusable-wrapper.ts';
import { runSupervised } from '../../src/process/supervised.ts';
import { until } from './rig.ts';

const [folder = '', variable = '', value = '', kind = '', ...scripts] = process.argv.slice(2);
const env = { PATH: process.env['PATH'] ?? '' };
const wrapper = kind === 'reused' ? startReusableWrapper({ cwd: folder, env }) : null;
if (wrapper !== null) await until('the wrapper waits', () => wrapper.state === 'idle');

for (const script of scripts) await runSupervised(
  {
    argv: ['/bin/sh', '-c', script],
    cwd: folder,
    env,
    variables: { [variable]: value },
    stdin_file: join(folder, 'prompt'),
    status_file: join(folder, 'status'),
    turn_timeout_ms: 0,
    stall_timeout_ms: 0,
    grace_ms: 10_000,
  },
  { onLine: (_, line) => void process.stdout.write(`${line.text}\n`) },
  new AbortController().signal,
  wrapper?.take() ?? null,
);
process.stdout.write('all done\n');
// Only a signal ends it now.
if (wrapper !== null) setInterval(() => undefined, 1000);
