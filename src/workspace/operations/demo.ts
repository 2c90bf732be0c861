import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ok, unwrap } from '../../base/failure.ts';
import { openGit } from '../../git/git.ts';
import { commitIdentity } from '../../git/identity.ts';
import { runStart } from '../../bus/contract.ts';
import { runProgram } from '../../process/run-program.ts';
import { defineOperation } from '../../spine/operation.ts';
import { DEMO_FILES } from '../demo-project.ts';
import { promptTemplate, stateTemplate } from '../templates.ts';

const Tests = z.object({ passed: z.number().int(), failed: z.number().int() });

export const demoPlay = defineOperation({
  name: 'workspace.demo.play',
  summary: 'A throw-away workspace in which a scripted agent does a small real task in turns, then on two role runners',
  input: z.object({ keep: z.boolean().default(false) }),
  output: z.object({
    workspace: z.string(),
    remote: z.string(),
    kept: z.boolean(),
    before: Tests,
    after: Tests,
    turns: z.number().int(),
    /** `git log --oneline`, newest first. */
    history: z.array(z.string()),
    logs: z.string(),
  }),
  failures: ['agent_exit', 'git_failed'],
  transaction: 'none',
  cross_domain_deps: [runStart],
  surfaces: ['cli'],
  callers: ['operator'],
  starts_work: true,
  async handler(context, input) {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'orchestrator-demo-')));
    const workspace = join(folder, 'workspace');
    const remote = join(folder, 'remote.git');
    const step = (text: string): void => context.emit({ type: 'demo.step', text });
    try {
      step(`A small program with failing tests, in ${workspace}`);
      await layOut(workspace, remote);
      const before = await runTests(workspace);
      step(`Its tests: ${before.passed} pass, ${before.failed} fail. Now a supervisor, an engineer and a reviewer take turns on it.`);
      const place = { directory: workspace, environment: {} };
      const ran = await context.call(runStart, { iterations: 5 }, place);
      if (!ran.ok) return ran;
      const git = openGit(workspace, await commitIdentity(workspace));
      await git.run(['push', '--quiet', 'origin', 'main']);
      const teammate = join(folder, 'teammate');
      await git.run(['clone', '--quiet', '--', remote, teammate]);
      step(`The same loop on two machines, as it were: galph in ${workspace}, ralph in ${teammate}. All that they share is the remote.`);
      const elsewhere = { directory: teammate, environment: {} };
      const roles = await Promise.all([context.call(runStart, { role: 'galph', once: true }, place), context.call(runStart, { role: 'ralph', once: true }, elsewhere)]);
      for (const role of roles) if (!role.ok) return role;
      const after = await runTests(teammate);
      await git.run(['pull', '--quiet', '--ff-only', 'origin', 'main']);
      const turns = ran.value.turns + roles.length;
      const history = (await git.run(['log', '--format=%h %s'])).trimEnd().split('\n');
      return ok({ workspace, remote, kept: input.keep, before, after, turns, history, logs: join(workspace, 'logs', 'main') });
    } finally {
      if (!input.keep) await rm(folder, { recursive: true, force: true });
    }
  },
});

async function layOut(workspace: string, remote: string): Promise<void> {
  await mkdir(workspace, { recursive: true });
  const files: Record<string, string> = { ...DEMO_FILES, 'sync/state.json': stateTemplate() };
  for (const name of ['supervisor.md', 'main.md', 'reviewer.md'] as const) files[`prompts/${name}`] = await promptTemplate(name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), content);
  }
  const bare = openGit(dirname(remote));
  await bare.run(['init', '--quiet', '--bare', '--initial-branch=main', remote]);
  await bare.run(['init', '--quiet', '--initial-branch=main', workspace]);
  const git = openGit(workspace, await commitIdentity(workspace));
  await git.run(['add', '--all']);
  await git.run(['commit', '--quiet', '-m', 'A small program with failing tests']);
  await git.run(['remote', 'add', 'origin', remote]);
  await git.run(['push', '--quiet', '--set-upstream', 'origin', 'main']);
}

/** Really runs the tests and counts them, by the runner's own typed report (TAP). */
async function runTests(workspace: string): Promise<z.infer<typeof Tests>> {
  const { stdout } = unwrap(await runProgram([process.execPath, '--test', '--test-reporter=tap'], { cwd: workspace, env: { PATH: process.env['PATH'] ?? '' }, timeout_ms: 60_000 }));
  const count = (name: string): number => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
  return { passed: count('pass'), failed: count('fail') };
}
