import { Option } from 'commander';
import type { Command } from 'commander';
import { invoke } from '../invoke.ts';
import type { GlobalOptions } from '../invoke.ts';
import { amount, list, pairs, wholeNumber } from '../options.ts';

type Flags = Readonly<Record<string, unknown>>;

/** Options that change how turns are decided; `run` and `next` share them. */
export function addRoutingOptions(command: Command): Command {
  return command
    .option('--agent <name>', 'agent for every prompt that no map names')
    .option('--agent-role <actor=agent,…>', 'agent for an actor', pairs)
    .option('--agent-prompt <prompt=agent,…>', 'agent for a prompt', pairs)
    .option('--prompt-supervisor <file>', "galph's prompt")
    .option('--prompt-main <file>', "ralph's prompt")
    .option('--prompt-reviewer <file>', "the reviewer's prompt")
    .option('--use-router', 'review cadence and router on')
    .option('--no-router', 'review cadence and router off')
    .option('--router-prompt <file>', 'prompt of the routing agent')
    .option('--router-mode <mode>', 'router_default, router_first or router_only')
    .option('--router-allowlist <prompt,…>', 'prompts that may be chosen', list)
    .option('--review-every <n>', 'the reviewer in every n-th iteration (0 = never)', wholeNumber(0));
}

/** The input that those options stand for. */
export function routingInput(flags: Flags): Record<string, unknown> {
  return {
    agent: flags['agent'],
    agent_role: flags['agentRole'],
    agent_prompt: flags['agentPrompt'],
    prompt_supervisor: flags['promptSupervisor'],
    prompt_main: flags['promptMain'],
    prompt_reviewer: flags['promptReviewer'],
    use_router: flags['router'] === false ? false : flags['useRouter'],
    router_prompt: flags['routerPrompt'],
    router_mode: flags['routerMode'],
    router_allowlist: flags['routerAllowlist'],
    review_every: flags['reviewEvery'],
  };
}

export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .description('take turns: a supervisor plans, an engineer builds, a reviewer looks in')
    .addOption(new Option('--mode <mode>', 'both actors here, or one role of a hand-off').choices(['combined', 'role']))
    .addOption(new Option('--role <role>', 'the role played here (means --mode role)').choices(['galph', 'ralph']))
    .option('--iterations <n>', 'iterations to complete, 0 = no end (default: 20)', wholeNumber(0))
    .addOption(new Option('--sync-loops <n>', 'the same as --iterations').argParser(wholeNumber(0)).hideHelp())
    .option('--once', 'one turn only')
    .option('--branch <name>', 'refuse to work on any other branch');
  addRoutingOptions(command)
    .option('--turn-timeout <duration>', 'end an agent that takes longer')
    .option('--max-cost <usd>', 'end the run once it has cost this much', amount)
    .option('--poll-interval <duration>', 'how often a remote is asked while waiting')
    .option('--max-wait <duration>', 'give up waiting after this long (exit 124)')
    .option('--lease <duration>', 'how long a claim holds without being renewed')
    .option('--push', 'push after every turn')
    .option('--no-commit', 'leave git alone; the state stays in its file')
    .option('--allow-dirty', 'start although tracked files have uncommitted changes; they are left alone')
    .option('--dry-run', 'say what would be done and do nothing')
    .option('--listen <address>', 'doorbell for push webhooks')
    .option('--wait-through-failures', "keep waiting when the peer's turn failed")
    .action(async (flags: Flags, self: Command) => {
      const options = self.optsWithGlobals<GlobalOptions>();
      const { createRunView, renderRunResult } = await import('../render/run.ts');
      const view = await createRunView(options);
      await invoke({
        operation: 'loop.run.start',
        input: {
          mode: flags['mode'],
          role: flags['role'],
          iterations: flags['iterations'] ?? flags['syncLoops'],
          once: flags['once'],
          branch: flags['branch'],
          ...routingInput(flags),
          turn_timeout: flags['turnTimeout'],
          max_cost: flags['maxCost'],
          poll_interval: flags['pollInterval'],
          max_wait: flags['maxWait'],
          lease: flags['lease'],
          push: flags['push'],
          no_commit: flags['commit'] === false,
          allow_dirty: flags['allowDirty'],
          dry_run: flags['dryRun'],
          listen: flags['listen'],
          wait_through_failures: flags['waitThroughFailures'],
        },
        options,
        stream: 'run.finished',
        onEvent: view.onEvent,
        onEnd: view.end,
        render: renderRunResult,
      });
    });
}
