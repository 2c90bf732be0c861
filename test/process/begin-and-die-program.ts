/** Gives a stopped wrapper a task and is killed before it can begin, for the test of what becomes of the agent: `<folder> <shell script>`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startReusableWrapper } from '../../src/process/reusable-wrapper.ts';
import { until } from './rig.ts';

const [folder = '', script = ''] = process.argv.slice(2);
const wrapper = startReusableWrapper({ cwd: folder, env: { PATH: process.env['PATH'] ?? '' } });
await until('the wrapper waits', () => wrapper.state === 'idle');
const { pid = 0, begin } = wrapper.take();
writeFileSync(join(folder, 'wrapper'), String(pid));
process.kill(pid, 'SIGSTOP');
begin({ status_file: join(folder, 'status'), stdin_file: join(folder, 'prompt'), variables: {}, argv: ['/bin/sh', '-c', script] });
await delay(50);
process.kill(process.pid, 'SIGKILL');
