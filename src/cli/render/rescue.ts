import { oneLine, plural, table } from './format.ts';

interface Rescue {
  readonly id: string;
  readonly commit: string;
  readonly base: string | null;
  readonly subject: string;
  readonly at: string;
  readonly files_changed: number;
  readonly where: 'local' | 'remote' | 'both';
  readonly applied: boolean;
}

const short = (commit: string): string => commit.slice(0, 12);

const WHERE = { local: 'here', remote: 'remote', both: 'here and remote' } as const;

export function renderRescues(data: { rescues: readonly Rescue[] }): string {
  if (data.rescues.length === 0) return 'No work is kept aside.';
  const widest = Math.max(...data.rescues.map(({ id }) => id.length));
  return data.rescues
    .map((one) => `${one.id.padEnd(widest)}  ${one.at}  ${plural(one.files_changed, 'file')}, ${WHERE[one.where]}${one.applied ? ', on this branch already' : ''}\n    ${oneLine(one.subject, 100)}`)
    .join('\n');
}

export function renderRescue(data: Rescue & { stat: readonly { path: string; added: number | null; removed: number | null }[]; commits: readonly { commit: string; subject: string; at: string }[] }): string {
  const facts = table([
    ['commit', `${data.commit} ${oneLine(data.subject, 100)}`],
    ['at', data.at],
    ['base', data.base ?? 'none: it shares no history with this branch'],
    ['where', WHERE[data.where]],
  ], '  ');
  const commits = data.commits.map(({ commit, subject, at }) => `  ${short(commit)}  ${at}  ${oneLine(subject, 100)}`);
  const files = table(data.stat.map(({ path, added, removed }) => [added === null ? 'binary' : `+${added} -${removed ?? 0}`, oneLine(path)] as const), '  ');
  const picked = data.applied ? 'This branch has all of it already.' : `${plural(data.commits.length, 'commit')} to apply:\n${commits.join('\n')}`;
  return `${data.id}\n${facts}\n${picked}${data.stat.length === 0 ? '' : `\n${plural(data.stat.length, 'file')}:\n${files}`}`;
}

export function renderRescueApplied(data: { id: string; branch: string; commits: readonly string[] }): string {
  if (data.commits.length === 0) return `${data.branch} has the work of ${data.id} already; nothing was changed.`;
  return `${data.branch} has the work of ${data.id} now: ${plural(data.commits.length, 'commit')} (${data.commits.map(short).join(', ')}). It stays kept until: orchestrator rescue drop ${data.id}`;
}

export function renderRescueDropped(data: { id: string; commit: string; local: boolean; remote: boolean }): string {
  const where = data.local && data.remote ? 'here and on the remote' : data.local ? 'here' : 'on the remote';
  return `Dropped ${data.id} ${where}. Until git cleans up, its commit is ${data.commit}.`;
}
