import { z } from 'zod';
import { amount, choice, duration, text, whole, yesNo } from './value.ts';
import { list } from './value-list.ts';
import { promptName } from './value-path.ts';

/** The sections that turns are made of: router, commit, limits, budget, sync, sandbox. */

const MIB = 1024 * 1024;

export const router = z
  .strictObject({
    enabled: yesNo().prefault(false).describe('Whether the reviewer comes in and a router prompt may choose; off, each actor plays its own prompt.'),
    mode: choice(['router_default', 'router_first', 'router_only'], { default: 'router_default', first: 'router_first', only: 'router_only' })
      .prefault('router_default')
      .describe('With a router prompt: `router_default` lets its answer override the deterministic choice, `router_first` takes it if there is one, `router_only` takes nothing else. Short: default, first, only.'),
    prompt: promptName().exactOptional().describe('Prompt that chooses the supervisor turn\'s prompt; relative to `prompts_dir`. None: deterministic only.'),
    review_every_n: whole().prefault(0).describe('The reviewer plays in every n-th iteration; 0 is never.'),
    review_placement: choice(['replace', 'before']).prefault('replace').describe("`replace`: the reviewer's turn instead of the supervisor's; `before`: then the supervisor's own in the same iteration."),
    allowlist: list().prefault([]).describe('Prompts that may be chosen; empty means the supervisor, main and reviewer prompts.'),
  })
  .prefault({})
  .describe('Which prompt a turn plays.');

export const commit = z
  .strictObject({
    galph: list().nullable().prefault(null).describe('Globs of what a turn of galph may commit. Left out: `doc_whitelist` and every file with one of `report_extensions`.'),
    ralph: list().prefault(['**']).describe('Globs of what a turn of ralph may commit.'),
    guard: choice(['warn', 'fail']).exactOptional().describe('A path outside those globs: `fail` fails the turn, `warn` leaves it uncommitted and names it. Left out: warn in combined mode, fail in role mode.'),
    max_file_bytes: whole(1).prefault(5 * MIB).describe('Larger files are left uncommitted and named. Bytes.'),
    max_total_bytes: whole(1).prefault(20 * MIB).describe('What one turn commits at most; the rest is left and named. Bytes.'),
  })
  .prefault({})
  .describe('What is committed of what an agent leaves. Globs are those of gitignore.');

export const limits = z
  .strictObject({
    turn_timeout: duration().prefault('60m').describe('An agent is ended when its turn takes longer; 0 is never.'),
    stall_timeout: duration().prefault('10m').describe('An agent is ended when it was silent for longer; 0 is never.'),
    grace: duration().prefault('10s').describe('What an agent gets to exit by itself after its closing event.'),
    max_log_bytes: whole(1).prefault(64 * MIB).describe('Output kept of one turn; the rest is dropped after a marker. Bytes.'),
    no_progress_limit: whole().prefault(3).describe('Turns in a row that change nothing before the run stops as blocked; 0 is never.'),
    question_wait: duration().prefault('10m').describe("How long an agent's question keeps it waiting; after that its session is suspended, and goes on with the answer in a later run."),
    max_limit_wait: duration().exactOptional().describe("Longest wait for a usage limit's reset."),
    on_usage_limit: choice(['wait', 'fail', 'switch']).prefault('wait').describe("At an agent's usage limit: wait for its reset and resume, fail, or switch to the next of `agent.fallback`."),
  })
  .prefault({})
  .describe('Limits of one turn.');

const budgetKeys = {
  max_cost_usd: amount().exactOptional().describe('US dollars, as agents report them.'),
  max_tokens: whole().exactOptional().describe('Tokens, in and out together.'),
  max_turns: whole().exactOptional().describe('Turns.'),
  max_duration: duration().exactOptional().describe('Time.'),
};

export const budget = z
  .strictObject({
    ...budgetKeys,
    day: z.strictObject(budgetKeys).prefault({}).describe('The same for one day (UTC).'),
    turn: z.strictObject(budgetKeys).prefault({}).describe('The same for one turn.'),
  })
  .prefault({})
  .describe('What a run may spend; it stops with exit code 8 when that is reached. Left out: no limit.');

export const sync = z
  .strictObject({
    remote: text().prefault('origin').describe('Git remote through which runners hand off.'),
    branch: text().exactOptional().describe('Branch to work on; a checkout of another one is refused. Left out: the one checked out.'),
    poll_interval: duration(10, '10ms').prefault('2s').describe('How often a remote is asked that cannot be watched; up to 15s while nothing moves.'),
    lease: duration(1000, '1s').prefault('90s').describe('How long a claim lives without a sign of life; renewed every third of it.'),
    max_wait: duration().exactOptional().describe('Longest wait for the other actor, then exit code 124. Left out: no end.'),
    listen: text().exactOptional().describe('Address (`host:port`) for push webhooks that end a wait at once.'),
    push: yesNo().prefault(false).describe('Combined mode: push after each turn.'),
  })
  .prefault({})
  .describe('The hand-off through git.');

export const sandbox = z
  .strictObject({
    mode: choice(['auto', 'off', 'strict']).prefault('auto').describe('`auto`: on where the machine can; `strict`: required, network by allowlist; `off`. `sandbox: off` is short for this key.'),
    allow_hosts: list().prefault([]).describe('Hosts that a strict sandbox lets through.'),
    write: list().prefault([]).describe('Further places that a sandboxed agent may write, such as a package cache; from the workspace, or from `~`.'),
    pass_env: list().prefault([]).describe('Names of further environment variables that agents get.'),
  })
  .prefault({})
  .describe('The sandbox around agents.');
