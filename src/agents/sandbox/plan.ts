import { dirname, join } from 'node:path';

/** What a sandbox around an agent lets it see and write, worked out from facts alone. Paths are absolute. */
export interface SandboxPlan {
  /** Of the machine's /tmp, which is not the agent's: folders of programs that it may read. */
  readonly shown: readonly string[];
  /** In this order: what is hidden, what may be written, what in there may only be read, what in that may be written all the same. */
  readonly hidden: readonly string[];
  /** Of these, what lies in a writable place. */
  readonly hiddenAgain: readonly string[];
  readonly writable: readonly string[];
  readonly frozen: readonly string[];
  readonly thawed: readonly string[];
  /** The agent's own `/tmp`. */
  readonly temp: string;
  /** Null: the machine's network. Else only what a relay at this socket lets through. */
  readonly network: null | { readonly socket: string };
}

export interface SandboxFacts {
  /** The person's, and the agent's where that is another. */
  readonly homes: readonly string[];
  /** Our own store. */
  readonly store: string;
  readonly workspace: string;
  /** Git folder of the checkout, and the common one where that is another. */
  readonly git: readonly string[];
  /** `.git/orchestrator`. */
  readonly control: string;
  /** The agent kind's own state. */
  readonly state: readonly string[];
  /** Folders of the attempt that are the agent's. */
  readonly own: readonly string[];
  /** What else may be read and not written. */
  readonly frozen: readonly string[];
  /** What else is hidden, though the workspace may lie in it. */
  readonly hide: readonly string[];
  /** `sandbox.write`. */
  readonly write: readonly string[];
  /** Folders of other workspaces that this machine knows of. */
  readonly others: readonly string[];
  readonly temp: string;
  /** Numeric user id. */
  readonly uid: number;
}

/** Where credentials, keys and key rings lie, below a home. */
const SECRET_PLACES = [
  '.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker', '.password-store', '.netrc', '.git-credentials', '.pypirc', '.pgpass', '.my.cnf', '.vault-token', '.terraform.d',
  '.config/gcloud', '.config/gh', '.config/glab-cli', '.config/git/credentials', '.config/op', '.config/sops', '.config/age', '.config/rclone', '.config/hub',
  '.npmrc', '.yarnrc.yml', '.cargo/credentials', '.cargo/credentials.toml', '.m2/settings.xml', '.gradle/gradle.properties', '.gem/credentials', '.config/pip', '.config/composer/auth.json', '.nuget/NuGet',
  '.bash_history', '.zsh_history', '.python_history', '.node_repl_history', '.psql_history', '.mysql_history',
  // Of agents of other kinds; the own one's is made writable again.
  '.claude', '.claude.json', '.codex', '.gemini', '.local/share/opencode', '.config/opencode',
  '.local/share/keyrings', '.local/share/kwalletd', '.mozilla', '.config/google-chrome', '.config/chromium', '.config/BraveSoftware', 'Library/Keychains',
];

/** Ways out of a sandbox that are sockets: who may talk to them may do anything. */
const SOCKETS = ['/run/docker.sock', '/var/run/docker.sock', '/run/containerd', '/run/podman', '/run/dbus', '/run/systemd/private'];

/** Our own store, beside the workspaces. */
export const storeOf = (home: string, env: Readonly<Record<string, string | undefined>>): string => join(env['XDG_STATE_HOME'] ?? join(home, '.local/state'), 'orchestrator');

/** What a daemon keeps in `.orchestrator` of its workspace. Its token would make an agent the operator, who answers its own questions. */
const DAEMON_FILES = ['token', 'daemon.json', 'daemon.lock', 'daemon.log', 'daemon.log.1', 'daemon.out', 'state.db', 'state.db-wal', 'state.db-shm', 'backups'];

/** Of the workspace, and of the one whose worktree it is. */
function daemonFiles(workspace: string): string[] {
  const [above = ''] = workspace.split('/.orchestrator/worktrees/');
  return [...new Set([workspace, above])].flatMap((folder) => DAEMON_FILES.map((name) => join(folder, '.orchestrator', name)));
}

/** What in a git folder makes git run programs, and would do so outside the sandbox too. */
const RUNS_PROGRAMS = ['config', 'config.worktree', 'commondir', 'gitdir', 'hooks', 'info/attributes'];

export function planSandbox(facts: SandboxFacts): SandboxPlan {
  const { workspace, git, control, state } = facts;
  const kept = [workspace, ...git, ...state, ...facts.write];
  // What holds a writable place, or lies in one, is not hidden whole.
  const apart = (path: string): boolean => !kept.some((each) => within(each, path) || within(path, each));
  const hidden = [...facts.homes.flatMap((home) => SECRET_PLACES.map((place) => join(home, place))), facts.store, ...daemonFiles(workspace), `/run/user/${facts.uid}`, ...SOCKETS, ...facts.others.filter(apart), ...facts.hide];
  const frozen = [...new Set(git)].flatMap((folder) => [...RUNS_PROGRAMS, 'orchestrator'].map((name) => join(folder, name)));
  // A home that is a workspace itself: what is made writable must not show its keys again.
  const hiddenAgain = hidden.filter((path) => kept.some((each) => path !== each && within(path, each)) && !kept.some((each) => within(each, path)));
  return { shown: [], hidden, hiddenAgain, writable: [...new Set(kept)], frozen: [...frozen, control, ...facts.frozen], thawed: facts.own, temp: facts.temp, network: null };
}

/** Whether `path` is `folder` or lies in it. */
export function within(path: string, folder: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (at === folder) return true;
    if (at === dirname(at)) return false;
  }
}
