import type { SandboxPlan } from './plan.ts';

/** What stands at a path now: bubblewrap can only put something over what is there. */
export type Standing = (path: string) => 'folder' | 'file' | 'link' | 'nothing';

/**
 * Arguments of bwrap(1) for a plan: the whole disk read-only, then what is hidden, then what may be written, then what in
 * there may only be read, and what in that is the agent's. Its own processes, no capabilities. Not ended with its parent: an agent outlives the
 * orchestrator, and its group is ended by whoever starts next.
 */
export function bubblewrapArguments(plan: SandboxPlan, workspace: string, standing: Standing): string[] {
  const args = ['--unshare-user-try', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--cap-drop', 'ALL', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--bind', plan.temp, '/tmp'];
  for (const path of plan.shown) args.push('--ro-bind', path, path);
  if (plan.network !== null) args.push('--unshare-net');
  const hide = (path: string): void => {
    const what = standing(path);
    if (what === 'folder') args.push('--perms', '0555', '--tmpfs', path);
    else if (what === 'file') args.push('--ro-bind', '/dev/null', path);
  };
  plan.hidden.forEach(hide);
  for (const path of plan.writable) if (standing(path) !== 'nothing') args.push('--bind', path, path);
  plan.hiddenAgain.forEach(hide);
  for (const path of plan.frozen) if (standing(path) !== 'nothing') args.push('--ro-bind', path, path);
  for (const path of plan.thawed) if (standing(path) !== 'nothing') args.push('--bind', path, path);
  if (plan.network !== null) args.push('--ro-bind', plan.network.socket, plan.network.socket);
  return [...args, '--chdir', workspace, '--'];
}
