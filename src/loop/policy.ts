import { globMatcher } from '../base/glob.ts';
import type { PathMatcher } from '../base/glob.ts';
import type { Actor } from './state.ts';

/** Which paths each part may change; the `commit:` section with its defaults worked out. */
export interface CommitPolicy {
  readonly galph: PathMatcher;
  readonly ralph: PathMatcher;
  /** What a path outside means: the turn fails, or the path stays uncommitted and is named. */
  readonly guard: 'fail' | 'warn';
  /** Bytes; a larger file is never committed. */
  readonly max_file_bytes: number;
  /** Bytes; what one turn may commit together. */
  readonly max_total_bytes: number;
}

export interface PolicySettings {
  readonly galph: readonly string[] | null;
  readonly ralph: readonly string[];
  readonly guard: 'fail' | 'warn';
  readonly max_file_bytes: number;
  readonly max_total_bytes: number;
  readonly doc_whitelist: readonly string[];
  readonly report_extensions: readonly string[];
}

/** The policy of a workspace. Without a list of its own, galph may change the documents and files with a report's extension. */
export function commitPolicy(settings: PolicySettings): CommitPolicy {
  const reports = settings.report_extensions.map((extension) => `*${extension}`);
  return {
    galph: globMatcher(settings.galph ?? [...settings.doc_whitelist, ...reports]),
    ralph: globMatcher(settings.ralph),
    guard: settings.guard,
    max_file_bytes: settings.max_file_bytes,
    max_total_bytes: settings.max_total_bytes,
  };
}

/** What is known of a path that a turn left changed. */
export interface PathFacts {
  readonly path: string;
  readonly kind: 'file' | 'deleted' | 'link' | 'submodule' | 'nested-repository' | 'unmerged' | 'unreadable';
  readonly bytes: number;
  /** A link whose target lies outside the workspace. */
  readonly leaves: boolean;
  /** Rule names of what a secret scanner takes for a secret. */
  readonly secrets: readonly string[];
}

/** A path that is not committed, and why; both are shown. */
export interface SkippedPath {
  readonly path: string;
  readonly reason: string;
}

export interface Judgement {
  readonly commit: readonly string[];
  readonly skipped: readonly SkippedPath[];
  /** Paths outside the actor's policy. */
  readonly outside: readonly string[];
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

/** Decides what of a change set may be committed. Pure; the order of `facts` decides who fits under the total cap. */
export function judge(facts: readonly PathFacts[], actor: Actor, policy: CommitPolicy): Judgement {
  const commit: string[] = [];
  const skipped: SkippedPath[] = [];
  const outside: string[] = [];
  let total = 0;
  for (const file of facts) {
    const { path } = file;
    if (!policy[actor](path)) {
      outside.push(path);
      continue;
    }
    const reason = refusal(file, policy) ?? (total + file.bytes > policy.max_total_bytes ? `over commit.max_total_bytes: the turn's files together exceed ${megabytes(policy.max_total_bytes)}` : null);
    if (reason !== null) {
      skipped.push({ path, reason });
      continue;
    }
    total += file.bytes;
    commit.push(path);
  }
  return { commit, skipped, outside };
}

function refusal(file: PathFacts, policy: CommitPolicy): string | null {
  if (file.path.includes('\uFFFD')) return 'its name is not valid UTF-8';
  if (file.kind === 'nested-repository') return 'it is a git repository of its own';
  if (file.kind === 'unmerged') return 'it has an unresolved conflict';
  if (file.kind === 'unreadable') return 'it cannot be read';
  if (file.leaves) return 'it is a link that leaves the workspace';
  if (file.secrets.length > 0) return `it looks as if it held a secret (${file.secrets.join(', ')})`;
  if (file.bytes > policy.max_file_bytes) return `over commit.max_file_bytes: it has ${megabytes(file.bytes)}, ${megabytes(policy.max_file_bytes)} are allowed`;
  return null;
}
