import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRig, processesOf, until } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

/** Real agents in a real sandbox: bubblewrap has to be there. */

const said = async (rig: Rig): Promise<string> => {
  const [turn] = await rig.turns();
  return await rig.read(turn?.log ?? '');
};

/** What an agent tries, by name; each would leave something outside the workspace, or bring something in. */
const ESCAPES: readonly (readonly [name: string, script: string])[] = [
  ['cd ../..', 'cd ../..; echo x > escaped; cd "$ORCHESTRATOR_WORKSPACE/.."; echo x > escaped'],
  ['a sibling whose name begins alike', 'echo x > "${PWD}-2/escaped"; echo x >> ../work-2/theirs.txt'],
  ['cd ~', 'cd ~; echo x > escaped; echo x >> ~/.bashrc'],
  ['$OLDPWD', 'cd /; cd "$OLDPWD/.."; echo x > escaped; cd /; echo x > "$OLDPWD/escaped"'],
  ['redirects', 'echo x > ../escaped; echo x 1> "$HOME/escaped"; : >| ../escaped; exec 9> ../escaped'],
  ['interpreters', 'python3 -c \'open("../escaped", "w")\'; perl -e \'open(F, ">", "../escaped")\'; node -e \'require("fs").writeFileSync("../escaped", "x")\'; awk \'BEGIN { print "x" > "../escaped" }\''],
  ['symlinks', 'ln -s .. up; echo x > up/escaped; ln -s "$HOME" home; echo x > home/escaped; ln -s ../work-2/theirs.txt t; echo x > t; rm -f up home t'],
  ['hard links', 'ln ../work-2/theirs.txt theirs; echo x >> theirs'],
  ['git --git-dir', 'git --git-dir=../work-2/.git --work-tree=../work-2 commit --allow-empty -m escaped; git -C ../work-2 commit --allow-empty -m escaped; GIT_DIR=../work-2/.git git commit --allow-empty -m escaped'],
  ['hooks', 'mkdir -p .git/hooks; printf "#!/bin/sh\\ntouch %s/escaped\\n" "$HOME" > .git/hooks/post-commit; chmod +x .git/hooks/post-commit'],
  ['a hooks folder in the place of the true one', 'mkdir evil; printf "#!/bin/sh\\ntouch %s/escaped\\n" "$HOME" > evil/post-commit; chmod +x evil/post-commit; mv .git/hooks .git/h; rm -rf .git/hooks; mv evil .git/hooks; rm -rf evil'],
  ['git configuration', 'git config core.hooksPath "$PWD/evil"; git config core.fsmonitor "touch $HOME/escaped"; echo "[core] pager = x" >> .git/config; mv .git/config .git/c'],
  ['the common git folder', 'mkdir evil; cp -r .git/objects .git/refs .git/HEAD .git/config evil/; git config -f evil/config filter.evil.clean "touch $HOME/escaped && cat"; echo "* filter=evil" > .gitattributes; echo "$PWD/evil" > .git/commondir; git config -f .git/config.worktree core.fsmonitor "touch $HOME/escaped"'],
  ['our own logs and records', 'mkdir -p logs/main; rm -f logs/main/turns.jsonl; ln -s "$HOME/.bashrc" logs/main/turns.jsonl; for f in logs/main/galph/*.jsonl; do rm -f "$f"; ln -s "$HOME/.bashrc" "$f"; done; mv .orchestrator old; ln -s "$HOME" .orchestrator'],
  ['the configuration', 'echo "sandbox: off" >> orchestration.yaml; mv orchestration.yaml x.yaml; rm -f orchestration.yaml; echo "sandbox: off" > orchestration.yaml'],
  ['the journal', 'echo "{}" > .git/orchestrator/turn.json; rm -f .git/orchestrator/turn.json; rm -rf .git/orchestrator; echo x > .git/orchestrator/escaped'],
  ['mounts and namespaces', 'mount -o remount,rw /; umount .git/hooks; umount "$HOME/.ssh"; unshare -m sh -c "mount -o remount,rw /; touch /escaped"; unshare -Ur sh -c "umount $HOME/.ssh; cat $HOME/.ssh/id_test"; nsenter -t 1 -m touch /escaped; chroot / touch /escaped'],
  ['/proc', 'echo x > /proc/1/root/escaped; echo x > /proc/1/cwd/../escaped; cat /proc/1/root$HOME/.ssh/id_test; echo x > /proc/sys/kernel/core_pattern'],
  ['another temp', 'echo x > /var/tmp/escaped; echo x > /dev/shm/escaped; echo x > /run/escaped; mknod disk b 8 0'],
];

async function world(): Promise<Rig> {
  const rig = await createRig({ sandbox: 'strict' });
  for (const [path, text] of [['.ssh/id_test', 'a private key\n'], ['.aws/credentials', 'aws\n'], ['.netrc', 'machine x\n'], ['.bashrc', '# mine\n']] as const) {
    mkdirSync(join(rig.home, path, '..'), { recursive: true });
    writeFileSync(join(rig.home, path), text);
  }
  mkdirSync(`${rig.dir}-2`);
  await rig.git('init', '-q', '-b', 'main', `${rig.dir}-2`);
  writeFileSync(`${rig.dir}-2/theirs.txt`, 'theirs\n');
  writeFileSync(`${rig.dir}-2/orchestration.yaml`, '');
  await rig.git('-C', `${rig.dir}-2`, 'add', '-A');
  await rig.git('-C', `${rig.dir}-2`, 'commit', '-q', '-m', 'theirs');
  return rig;
}

describe('no way out', () => {
  test.each(ESCAPES)('%s', async (_name, script) => {
    await using rig = await world();
    await rig.script('agent.sh', `cat > /dev/null\n{ ${script}; } 2>&1\ncd "$ORCHESTRATOR_WORKSPACE"; mkdir -p plans; echo done > plans/done.md\n`);
    await rig.commit('an agent that tries');
    const config = readFileSync(rig.path('.git/config'), 'utf8');
    const theirs = await rig.git('-C', `${rig.dir}-2`, 'rev-parse', 'HEAD');
    const ended = await rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(await rig.git('show', 'HEAD:plans/done.md').catch(() => rig.git('show', 'HEAD^:plans/done.md'))).toBe('done');
    for (const path of [rig.root, rig.home, '/', '/var/tmp', '/dev/shm', '/run']) expect(existsSync(join(path, 'escaped')), path).toBe(false);
    expect(readFileSync(`${rig.dir}-2/theirs.txt`, 'utf8')).toBe('theirs\n');
    expect(await rig.git('-C', `${rig.dir}-2`, 'rev-parse', 'HEAD')).toBe(theirs);
    expect(readFileSync(join(rig.home, '.bashrc'), 'utf8')).toBe('# mine\n');
    expect(readFileSync(rig.path('.git/config'), 'utf8')).toBe(config);
    expect(existsSync(rig.path('.git/hooks/post-commit'))).toBe(false);
    expect(await said(rig)).not.toContain('a private key');
    // And a commit of the person afterwards runs nothing of the agent's.
    await rig.git('commit', '-q', '--allow-empty', '-m', 'afterwards');
    await rig.git('status');
    expect(existsSync(join(rig.home, 'escaped'))).toBe(false);
    expect(await rig.read('orchestration.yaml')).not.toContain('sandbox: off');
  });

  test('what a daemon keeps is not to be seen, nor to be put in its place', async () => {
    await using rig = await world();
    const kept = ['token', 'daemon.json', 'state.db', 'backups/state-20260101T000000Z.db'];
    for (const name of kept) await rig.write(`.orchestrator/${name}`, 'of the daemon');
    await rig.script('agent.sh', 'cat > /dev/null\ncd .orchestrator && echo looking; cat token daemon.json state.db backups/*; rm -f token; mv state.db other; echo mine > daemon.json; echo mine > backups/new; true\n');
    await rig.commit('an agent that looks');
    await rig.run(['run', '--once']);
    const log = await said(rig);
    expect(log).toContain('looking');
    expect(log).not.toContain('of the daemon');
    for (const name of kept) expect(await rig.read(`.orchestrator/${name}`)).toBe('of the daemon');
    expect(rig.exists('.orchestrator/backups/new')).toBe(false);
  });

  test('keys, credentials and other workspaces are not to be seen', async () => {
    await using rig = await world();
    await rig.script('agent.sh', 'cat > /dev/null\ncat ~/.ssh/id_test ~/.aws/credentials ~/.netrc ../work-2/theirs.txt; ls -A ~/.ssh ../work-2; cat /etc/hostname > /dev/null && echo disk is readable\n');
    await rig.commit('an agent that looks');
    await rig.run(['run', '--once']);
    const log = await said(rig);
    expect(log).toContain('disk is readable');
    for (const word of ['private key', 'aws\n', 'machine x', 'theirs\n', 'theirs.txt\n']) expect(log.split('\n').filter((line) => !line.startsWith('!')).join('\n')).not.toContain(word.trim() === 'aws' ? 'aws\n' : word);
  });
});

test('a home that is the workspace itself does not show its keys', async () => {
  await using rig = await world();
  for (const path of ['.ssh/id_test', '.aws/credentials']) {
    mkdirSync(join(rig.dir, path, '..'), { recursive: true });
    writeFileSync(join(rig.dir, path), 'a private key\n');
  }
  await rig.script('agent.sh', 'cat > /dev/null\ncat .ssh/id_test .aws/credentials; echo x > .ssh/escaped; mkdir -p plans; echo x > plans/x.md\n');
  await rig.git('add', 'agent.sh');
  await rig.git('commit', '-q', '-m', 'an agent that looks');
  const ended = await rig.run(['run', '--once'], { env: { HOME: rig.dir } });
  expect(ended.code, ended.stderr).toBe(0);
  expect(await said(rig)).not.toContain('a private key');
  expect(existsSync(rig.path('.ssh/escaped'))).toBe(false);
});

test("settings of the agent's own kind that turn up in a turn are moved away, and none is deleted", async () => {
  await using rig = await world();
  await copyFile(new URL('../golden/agents/claude/success.jsonl', import.meta.url), rig.path('said.jsonl'));
  await rig.script('agent.sh', `cat > /dev/null\necho '{"hooks": {}}' > ~/.claude/settings.json; mkdir -p ~/.claude/plugins/p; echo x > ~/.claude/plugins/p/x\nmkdir -p plans; echo x > plans/x.md; cat said.jsonl\n`);
  await rig.write('orchestration.yaml', 'agent: { default: c }\nagents:\n  c: { kind: claude, bin: ./agent.sh }\nsandbox: strict\n');
  await rig.commit('an agent with settings');
  const ended = await rig.run(['run', '--once']);
  expect(ended.code, ended.stderr).toBe(0);
  for (const name of ['settings.json', 'plugins']) expect(existsSync(join(rig.home, '.claude', name)), name).toBe(false);
  const taken = (await readdir(rig.path('.git/orchestrator/taken'))).map((name) => name.replace(/^.*?-/, ''));
  expect(taken.toSorted()).toEqual(['plugins', 'settings.json']);
  expect(await said(rig)).toContain('.git/orchestrator/taken');
});

describe('what an agent needs works', () => {
  test('its workspace, git, a temp of its own, the state of its kind', async () => {
    await using rig = await world();
    mkdirSync(join(rig.home, '.cache/pkg'), { recursive: true });
    await rig.write('orchestration.yaml', 'agent: { default: stub }\nagents:\n  stub: { kind: command, command: ["./agent.sh"] }\nsandbox: { mode: strict, write: ["~/.cache/pkg"] }\n');
    await rig.script('agent.sh', `cat > /dev/null
set -e
mkdir -p plans; echo mine > plans/own.md
git add plans; git commit -q -m own; git branch another; git stash list
echo scratch > /tmp/scratch; t=$(mktemp); test -w "$t"
echo cached > ~/.cache/pkg/x
sleep 0.1 & wait
`);
    await rig.commit('an agent that works');
    const ended = await rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr, 'nothing of ours is taken for the agent\'s doing').not.toContain('was changed during the turn');
    expect(await rig.git('log', '--format=%s')).toContain('own');
    expect(readFileSync(join(rig.home, '.cache/pkg/x'), 'utf8')).toBe('cached\n');
    expect(existsSync('/tmp/scratch')).toBe(false);
    expect(rig.exists('.git/orchestrator/attempt/tmp')).toBe(false);
    expect(await said(rig)).toContain('in a sandbox');
  });

  test('a linked worktree as workspace', async () => {
    await using rig = await createRig({ sandbox: 'strict' });
    await rig.git('worktree', 'add', '-q', '-b', 'side', `${rig.root}/side`);
    const ended = await rig.run(['run', '--iterations', '1'], { cwd: `${rig.root}/side` });
    expect(ended.code, ended.stderr).toBe(0);
    expect((await rig.git('log', '--format=%s', 'side')).split('\n')[0]).toContain('[SYNC');
  });

  test('signals reach it, it gets its time to tidy up, and nothing of it is left', async () => {
    await using rig = await createRig({ sandbox: 'strict' });
    await rig.script('agent.sh', 'cat > /dev/null\ntrap "mkdir -p plans; echo tidy > plans/last.md; exit 0" TERM\necho up > plans-up.txt\nsetsid sleep 300 &\nwhile :; do sleep 0.05; done\n');
    await rig.commit('an agent that stays');
    const run = rig.start(['run', '--once']);
    await until('it is up', () => rig.exists('plans-up.txt'));
    run.kill('SIGTERM');
    expect((await run.ended).code).toBe(143);
    expect(await rig.read('plans/last.md')).toBe('tidy\n');
    expect(await processesOf(rig.root)).toEqual([]);
  });

  test('the orchestrator killed: the agent ends well by itself, and the next run takes its turn as done', async () => {
    await using rig = await createRig({ sandbox: 'auto' });
    await rig.script('agent.sh', 'cat > /dev/null\ntouch up.tmp\nwhile [ ! -e go.tmp ]; do sleep 0.05; done\nmkdir -p plans; echo done >> plans/done.md\n');
    await rig.write('.gitignore', '*.tmp\n/logs/\n/.orchestrator/\n');
    await rig.commit('an agent that is waited for');
    const run = rig.start(['run', '--once']);
    await until('it is up', () => rig.exists('up.tmp'));
    run.kill('SIGKILL');
    await run.ended;
    await rig.write('go.tmp', '');
    await until('it is done', () => rig.exists('plans/done.md'));
    const again = await rig.run(['run', '--once']);
    expect(again.code, again.stderr).toBe(0);
    expect(await rig.read('plans/done.md')).toBe('done\n');
  });
});

describe('the network of a strict sandbox', () => {
  const serve = async (): Promise<{ port: number; asked: string[]; close: () => Promise<void> }> => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('hello\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, asked, close: () => new Promise((resolve) => void server.close(() => resolve())) };
  };

  test.each([
    ['a host of the list is reached, through the gate', '["127.0.0.1"]', ['/through']],
    ['no other is', '["example.org"]', []],
  ])('%s', async (_name, hosts, asked) => {
    const server = await serve();
    await using rig = await createRig({ config: `sandbox: { mode: strict, allow_hosts: ${hosts} }\n` });
    await rig.script('agent.sh', `cat > /dev/null\ncurl -s --max-time 5 http://127.0.0.1:${server.port}/through; curl -s --max-time 2 --noproxy '*' http://127.0.0.1:${server.port}/past\nmkdir -p plans; echo x > plans/x.md\n`);
    await rig.commit('an agent that calls');
    const ended = await rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(server.asked).toEqual(asked);
    if (asked.length === 0) expect(await said(rig)).toContain('sandbox.allow_hosts');
    await server.close();
  });
});

describe('a machine without one', () => {
  const without = (rig: Rig): { env: Record<string, string> } => ({ env: { PATH: `${rig.root}/bin` } });
  const onlyNeeded = async (rig: Rig): Promise<void> => {
    const { execFileSync } = await import('node:child_process');
    mkdirSync(`${rig.root}/bin`);
    for (const name of ['sh', 'git', 'cat', 'mkdir', 'echo', 'env', 'ps', 'bash', 'true']) {
      const found = execFileSync('sh', ['-c', `command -v ${name} || true`], { encoding: 'utf8' }).trim();
      if (found.startsWith('/')) execFileSync('ln', ['-s', found, `${rig.root}/bin/${name}`]);
    }
  };

  test('strict: exit 5 before an agent is paid; doctor says what is missing', async () => {
    await using rig = await createRig({ sandbox: 'strict' });
    await onlyNeeded(rig);
    const { code, document } = await rig.json(['run', '--once'], without(rig));
    expect([code, document.error.code]).toEqual([5, 'sandbox_missing']);
    expect(await rig.turns()).toEqual([]);
    const doctor = await rig.run(['doctor'], without(rig));
    expect([doctor.code, doctor.stdout + doctor.stderr]).toEqual([5, expect.stringContaining('bubblewrap is not installed')]);
  });

  test('auto: the turn runs, and its log says so', async () => {
    await using rig = await createRig({ sandbox: 'auto' });
    await onlyNeeded(rig);
    expect((await rig.run(['run', '--once'], without(rig))).code).toBe(0);
    expect(await said(rig)).toContain('without a sandbox: bubblewrap is not installed');
  });
});
