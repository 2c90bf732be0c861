import { expect, test } from 'vitest';
import { findSecrets, opensPrivateKey } from './secrets.ts';
import { entropy } from './secret-rules.ts';

/** Put together here, so that no file of ours holds what a scanner would take for a credential. */
const made = (...parts: readonly string[]): string => parts.join('');
const letters = (count: number): string => 'aB3dE5gH7jK9mN1pQ2sT4vX6zY8bC0fG'.repeat(40).slice(0, count);
const hex = (count: number): string => '0123456789abcdef'.repeat(8).slice(0, count);
const begin = made('-----BEGIN ', 'PRIVATE KEY-----');
const end = made('-----END ', 'PRIVATE KEY-----');

const SAMPLES: readonly (readonly [rule: string, secret: string])[] = [
  ['aws-access-key', made('AKIA', 'IOSFODNN7EXAMPLE')],
  ['aws-access-key', made('ASIA', 'IOSFODNN7EXAMPLE')],
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => ['github-token', made(prefix, letters(36))] as const),
  ['github-token', made('github_', 'pat_', letters(22), '_', letters(59))],
  ['gitlab-token', made('glp', 'at-', letters(20))],
  ['slack-token', made('xo', 'xb-', '123456789012-', letters(24))],
  ['stripe-key', made('sk_', 'live_', letters(24))],
  ['stripe-key', made('rk_', 'live_', letters(24))],
  ['openai-key', made('s', 'k-', letters(48))],
  ['openai-key', made('s', 'k-proj-', letters(40), '-', letters(40))],
  ['anthropic-key', made('sk-', 'ant-', 'api03-', letters(40), '-AA')],
  ['google-key', made('AI', 'za', letters(35))],
  ['npm-token', made('np', 'm_', letters(36))],
  ['pypi-token', made('pypi', '-AgE', letters(60))],
  ['sendgrid-key', made('S', 'G.', letters(22), '.', letters(43))],
  ['twilio-key', made('S', 'K', hex(32))],
  ['huggingface-token', made('h', 'f_', letters(34))],
  ['digitalocean-token', made('dop', '_v1_', hex(64))],
  ['age-key', made('AGE-SECRET', '-KEY-1', 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'.repeat(2).slice(0, 58))],
];

test.each(SAMPLES)('%s: %s', (rule, secret) => {
  for (const text of [secret, `x ${secret} y`, `{"k": "${secret}"}`, `K=${secret}\n`, `(${secret})`]) {
    const found = findSecrets(text);
    expect(found.map((each) => [each.rule, text.slice(each.index, each.index + each.length)])).toEqual([[rule, secret]]);
  }
  expect(findSecrets(`base64${secret}`)).toEqual([]);
});

test('of an assignment the value alone is the secret', () => {
  const value = made('wJalrXUtnFEMI/K7MDENG', '/bPxRfiCYEXAMPLEKEY');
  for (const text of [`aws_secret_access_key = ${value}`, `"SecretAccessKey": "${value}"`, `AWS_SECRET_ACCESS_KEY=${value}\n`]) {
    expect(findSecrets(text)).toEqual([{ rule: 'aws-secret-key', index: text.indexOf(value), length: 40 }]);
  }
  expect(findSecrets(`AccountName=x;${made('Account', 'Key=')}${letters(86)}==;y`)).toMatchObject([{ rule: 'azure-storage-key', length: 88 }]);
  const hook = made('https://hooks.sla', 'ck.com/services/', 'T00000000/B00000000/', letters(24));
  expect(findSecrets(hook)).toMatchObject([{ rule: 'slack-webhook' }]);
});

test('a random value assigned to a telling name', () => {
  const value = made('q7Zr2', 'Vx9Lm4Pt8Wc1Ky6');
  for (const text of [`api_key = "${value}"`, `clientSecret: '${value}'`, `"password" : "${value}"`, `TOKEN := "${value}"`]) {
    expect(findSecrets(text)).toEqual([{ rule: 'assigned-secret', index: text.indexOf(value), length: value.length }]);
  }
  for (const honest of ['aaaaaaaaaaaaaaaaaaaaaaaa1', 'theLongNameOfSomeSettingHere', '${SECRET_FROM_ELSEWHERE_1}', 'short1']) {
    expect(findSecrets(`secret = "${honest}"`)).toEqual([]);
  }
});

test('a password in a URL, unless it is a placeholder or the host is local; in a log each counts', () => {
  const url = (password: string, host: string): string => `postgres://admin:${password}@${host}/db`;
  expect(findSecrets(`x ${url('hunter2x', 'db.acme.io')}`)).toEqual([{ rule: 'url-password', index: 19, length: 8 }]);
  // The same word as user, password and host: the position is the password's.
  expect(findSecrets('a://bcd:bcd@bcd.io')).toEqual([{ rule: 'url-password', index: 8, length: 3 }]);
  for (const [password, host] of [['hunter2x', 'localhost:5432'], ['hunter2x', '127.0.0.1'], ['hunter2x', 'db.example.com'], ['password', 'db.acme.io'], ['${PASSWORD}', 'db.acme.io'], ['<password>', 'db.acme.io'], ['xxxxx', 'db.acme.io']] as const) {
    expect(findSecrets(url(password, host))).toEqual([]);
  }
  expect(findSecrets(url('hunter2x', 'localhost'), 'log')).toHaveLength(1);
  expect(findSecrets('http://localhost:8080/a@b https://host/path:x@y')).toEqual([]);
});

test('private keys, from beginning to end line', () => {
  const key = `${begin}\n${letters(64)}\n${letters(20)}\n${end}`;
  expect(findSecrets(`a\n${key}\nb`)).toEqual([{ rule: 'private-key', index: 2, length: key.length }]);
  expect(findSecrets(key.replaceAll('PRIVATE', 'RSA PRIVATE'))).toHaveLength(1);
  expect(findSecrets(`${key}\n${key}`)).toHaveLength(2);
  expect(findSecrets(JSON.stringify({ type: 'service_account', private_key: key }))).toMatchObject([{ rule: 'gcp-private-key' }]);
  const pgp = key.replaceAll('PRIVATE KEY', 'PGP PRIVATE KEY BLOCK').replace('\n', '\nVersion: GnuPG v2\n\n');
  expect(findSecrets(pgp)).toEqual([{ rule: 'private-key', index: 0, length: pgp.length }]);
});

test('a text about private keys is none; in a log, what follows a beginning is hidden', () => {
  for (const honest of [`/${begin}/.test(x)`, `${begin}\n...\n${end}`, `It starts with ${begin}.`]) expect(findSecrets(honest)).toEqual([]);
  expect(findSecrets(`x ${begin}\nabc`, 'log')).toEqual([{ rule: 'private-key', index: 2, length: begin.length + 4 }]);
  expect(opensPrivateKey(`12: ${begin}`)).toBe(true);
  expect(opensPrivateKey(`${begin}\\nabc\\n${end}`)).toBe(false);
});

test('tokens that are common in honest files are hidden in logs only', () => {
  const jwt = made('eyJ', letters(20), '.eyJ', letters(30), '.', letters(43));
  expect(findSecrets(jwt)).toEqual([]);
  expect(findSecrets(`Authorization: Bearer ${jwt}`, 'log')).toEqual([{ rule: 'jwt', index: 22, length: jwt.length }]);
  expect(findSecrets('authorization: basic YWJjOmRlZg==', 'log')).toMatchObject([{ rule: 'authorization' }]);
});

test('honest texts', () => {
  for (const honest of [
    'class="sk-fading-circle-with-many-parts"',
    made('sk_', 'test_', letters(24)),
    'hf_hub_download(repo_id)',
    'const token = await readTheTokenFromSomewhere();',
    'integrity sha512-q7Zr2Vx9Lm4Pt8Wc1Ky6q7Zr2Vx9Lm4Pt8Wc1Ky6==',
    'task-1234567890123456789012345678',
  ]) {
    expect(findSecrets(honest)).toEqual([]);
  }
});

test('entropy in bits a character', () => {
  expect(entropy('aaaa')).toBe(0);
  expect(entropy('abcd')).toBe(2);
});

test('five megabytes of anything take no more than linear time', () => {
  const everyRule = 'AKIA secret ghp_ github_pat_ glpat- xox xapp- hooks.slack.com/ sk_live_ sk-ant- sk- AIza npm_ pypi-AgE SG. SK hf_ dop_v1_ AGE-SECRET-KEY-1 AccountKey= eyJ authorization :// api_key PRIVATE KEY ';
  const base64 = Buffer.from(letters(600)).toString('base64');
  const units = ['a', '=', base64, ' ', '\n', 'eyJ', 'eyJaaaaaaaa.', '://a', '://:a', '://a:b', 'token = "aaaa', 'token = ', 'secret', 'SG.', `${begin}`, `${begin}\n`, `${begin}\n${letters(40)}\n`, `${begin}${made('-----END ', 'x')}`, '-----BEGIN A ', '-----END ', 'sk-', 'xoxb-', 'authorization: bearer '];
  for (const unit of units) {
    const text = everyRule + unit.repeat(5_000_000 / unit.length);
    const started = performance.now();
    findSecrets(text, 'commit');
    findSecrets(text, 'log');
    // Both together take about 0.1 s; anything quadratic takes minutes.
    expect(performance.now() - started, unit).toBeLessThan(3000);
  }
});
