import type { z } from 'zod';
import type { daemonStart, daemonStatus, daemonStop } from '../../server/daemon/operations.ts';
import type { Output } from '../output.ts';
import { table } from './format.ts';

export function renderStart({ url, pid, found, ended }: z.infer<typeof daemonStart.output>): string {
  if (ended) return '';
  return `${url}\n${found ? `It runs already, as process ${pid}.` : `The daemon runs, as process ${pid}. End it with: orchestrator daemon stop`}`;
}

export const renderReady = (url: string, pid: number): string => `The daemon runs at ${url}, as process ${pid}.`;

export const renderStop = ({ stopped, pid }: z.infer<typeof daemonStop.output>): string => (stopped ? `The daemon (process ${pid}) has ended.` : 'No daemon runs here.');

export function renderStatus({ running, pid, url, started_at, units }: z.infer<typeof daemonStatus.output>, { out }: Output): string {
  const counts = Object.entries(units).map(([status, count]) => `${count} ${status}`);
  const rows = running
    ? ([['daemon', out.green('running')], ['url', String(url)], ['process', String(pid)], ['since', String(started_at)]] as const)
    : ([['daemon', 'not running']] as const);
  return table([...rows, ...(counts.length === 0 ? [] : [['units', counts.join(', ')] as const])]);
}
