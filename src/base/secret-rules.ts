/**
 * One well-known format of a credential. Every pattern starts at a fixed text and has bounded repetitions only, and is
 * tried only where one of `near` occurs, so that a search takes time in proportion to the text, whatever the text is.
 */
export interface SecretRule {
  readonly name: string;
  /** One of these is part of every match. */
  readonly near: readonly string[] | RegExp;
  /** Global; with groups (and the flag `d`), the last one is the secret and the rest its surroundings. */
  readonly pattern: RegExp;
  /** False for what merely looks like a secret. */
  readonly accept?: (secret: string, match: string) => boolean;
  /** Too common in honest files to stop a commit; hidden in logs all the same. */
  readonly only_in_logs?: true;
}

// Not in the middle of a longer word, so that base64 text holds no token by chance and every word is tried once.
const START = '(?<![A-Za-z0-9_-])';
const END = '(?![A-Za-z0-9])';

const token = (name: string, near: readonly string[], body: string): SecretRule => ({
  name,
  near,
  pattern: new RegExp(`${START}${body}${END}`, 'g'),
});

/** Placeholders of documentation: `<token>`, `${TOKEN}`, `%s`, `xxxx`, `your-password`, `password`. */
const PLACEHOLDER = /^(?:[<${%*[(].*|x+|\.+|(?:your|my|the)[-_].*|pass(?:word|wd)?|pwd|secret|changeme|placeholder|example|redacted|dummy|user(?:name)?|token|key)$/i;

const LOCAL_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0|host\.docker\.internal|(?:[\w-]+\.)*example(?:\.(?:com|org|net))?|(?:[\w-]+\.)*(?:test|invalid|localhost))(?:[:/?#]|$)/i;

/** Bits per character of a text, from the frequencies in it. Source: Shannon (1948). */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

const isRandomLooking = (secret: string): boolean => entropy(secret) > 3.5 && /\d/.test(secret) && /[A-Za-z]/.test(secret) && !/^[<${%]|\$\{|\{\{/.test(secret);

/** Formats in order of precedence: of two that meet, the one that stands first wins. Private keys are found apart. */
export const SECRET_RULES: readonly SecretRule[] = [
  token('aws-access-key', ['AKIA', 'ASIA'], '(?:AKIA|ASIA)[A-Z0-9]{16}'),
  {
    name: 'aws-secret-key',
    near: /secret/i,
    pattern: /(?:aws_?secret_?(?:access_?)?key|secret_?access_?key)["']?\s{0,5}(?:=>|:=|[:=])\s{0,5}["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/dgi,
  },
  token('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], 'gh[pousr]_[A-Za-z0-9]{20,1024}'),
  token('github-token', ['github_pat_'], 'github_pat_[A-Za-z0-9_]{22,1024}'),
  token('gitlab-token', ['glpat-', 'gldt-', 'glrt-', 'glptt-'], '(?:glpat|gldt|glrt|glptt)-[A-Za-z0-9_.-]{20,1024}'),
  token('slack-token', ['xox', 'xapp-'], '(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,1024}'),
  {
    name: 'slack-webhook',
    near: ['hooks.slack.com/'],
    pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/([A-Za-z0-9/_+-]{20,1024})/dg,
  },
  token('stripe-key', ['sk_live_', 'rk_live_'], '(?:sk|rk)_live_[A-Za-z0-9]{10,1024}'),
  token('anthropic-key', ['sk-ant-'], 'sk-ant-[A-Za-z0-9_-]{16,1024}'),
  {
    ...token('openai-key', ['sk-'], '(?:sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,1024}|sk-[A-Za-z0-9]{20,1024})'),
    // Without a digit it is a name with hyphens, of which style sheets have many.
    accept: (secret) => /\d/.test(secret) && /[A-Za-z]/.test(secret.slice(3)),
  },
  token('google-key', ['AIza'], 'AIza[A-Za-z0-9_-]{35}'),
  token('npm-token', ['npm_'], 'npm_[A-Za-z0-9]{36}'),
  token('pypi-token', ['pypi-AgE'], 'pypi-AgE[A-Za-z0-9_-]{16,1000}'),
  token('sendgrid-key', ['SG.'], 'SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,128}'),
  { ...token('twilio-key', ['SK'], 'SK[0-9a-fA-F]{32}'), accept: (secret) => /\d/.test(secret) },
  token('huggingface-token', ['hf_'], 'hf_[A-Za-z0-9]{30,1024}'),
  token('digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], 'do[por]_v1_[a-f0-9]{64}'),
  token('age-key', ['AGE-SECRET-KEY-1'], 'AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}'),
  { name: 'azure-storage-key', near: ['AccountKey='], pattern: /AccountKey=([A-Za-z0-9+/]{80,90}={0,2})/dg },
  { ...token('jwt', ['eyJ'], 'eyJ[A-Za-z0-9_-]{8,4096}\\.eyJ[A-Za-z0-9_-]{8,8192}\\.[A-Za-z0-9_-]{8,4096}'), only_in_logs: true },
  {
    name: 'authorization',
    near: /authorization/i,
    pattern: /authorization["']?\s{0,5}[:=]\s{0,5}["']?(?:bearer|basic|token)\s{1,5}([A-Za-z0-9._~+/=-]{8,4096})/dgi,
    only_in_logs: true,
  },
  {
    name: 'url-password',
    near: ['://'],
    pattern: /:\/\/[^\s:@/"'`<>]{0,256}:([^\s@/"'`<>]{1,256})@[^\s"'`<>]{0,256}/dg,
    accept: (secret, match) => !PLACEHOLDER.test(secret) && !LOCAL_HOST.test(match.slice(match.lastIndexOf('@') + 1)),
  },
  {
    name: 'assigned-secret',
    near: /api[_-]?key|secret|token|passw/i,
    pattern: /(?:api[_-]?key|secret|token|passw(?:or)?d)["']?\s{0,5}(?:=>|:=|[:=])\s{0,5}(["'])([^"'\s\\]{20,512})\1/dgi,
    accept: isRandomLooking,
  },
];
