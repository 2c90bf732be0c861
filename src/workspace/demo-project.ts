/** The small program of the demo, with two faults, and the script that its agents play. */

const BACKTICKS = '```';

const TEXT_JS = `/** A title as part of an address: lower case, words joined by dashes. */
export function slugify(title) {
  return title.trim().replace(/ /g, '-');
}

/** At most \`length\` characters; what was cut is shown by an ellipsis. */
export function truncate(text, length) {
  return text.length > length ? text.slice(0, length) + '…' : text;
}
`;

const TEXT_TEST_JS = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slugify, truncate } from '../src/text.js';

test('slugify lowers the case', () => assert.equal(slugify('Hello World'), 'hello-world'));
test('slugify drops punctuation', () => assert.equal(slugify("It's  late, again!"), 'its-late-again'));
test('truncate leaves short text alone', () => assert.equal(truncate('abc', 3), 'abc'));
test('truncate counts the ellipsis', () => assert.equal(truncate('abcdef', 4), 'abc…'));
`;

const SCRIPT = `# What the agents of this demo do. Each entry is one turn of one agent; every step really happens.
turns:
  - when: { actor: galph, prompt: supervisor.md, iteration: 1 }
    steps:
      - say: I will see what fails first.
      - run: { argv: [node, --test], exit: 1 }
      - think: Three tests fail, in two functions. slugify first, since two of them are its own.
      - write:
          path: docs/fix_plan.md
          content: |
            # Plan
            - [ ] slugify: lower case, no punctuation (2 tests)
            - [ ] truncate: the ellipsis counts too (1 test)
      - write:
          path: input.md
          content: |
            Mend slugify in src/text.js: lower case, punctuation dropped, blanks joined by one dash.
            Done when both slugify tests pass: node --test
      - usage: { input_tokens: 2140, output_tokens: 310, cost_usd: 0.011 }
  - when: { actor: ralph, iteration: 1 }
    steps:
      - say: Mending slugify as asked.
      - replace:
          path: src/text.js
          find: "title.trim().replace(/ /g, '-')"
          with: "title.toLowerCase().replace(/[^a-z0-9\\\\s]/g, '').trim().replace(/\\\\s+/g, '-')"
      - run: { argv: [node, --test, --test-name-pattern, slugify], exit: 0 }
      - replace: { path: docs/fix_plan.md, find: "[ ] slugify", with: "[x] slugify" }
      - usage: { input_tokens: 3020, output_tokens: 450, cost_usd: 0.016 }
  - when: { actor: galph, prompt: reviewer.md }
    steps:
      - say: A look at the work so far, with fresh eyes.
      - run: { argv: [git, log, --oneline, "-5"], exit: 0 }
      - append:
          path: docs/fix_plan.md
          content: |

            Review: slugify holds up. Nothing else was touched. truncate is next, as planned.
      - usage: { input_tokens: 1800, output_tokens: 120, cost_usd: 0.007 }
  - when: { actor: galph, prompt: supervisor.md, iteration: 2 }
    steps:
      - say: The review agrees with the plan.
      - write:
          path: input.md
          content: |
            Mend truncate in src/text.js: the result, ellipsis included, has at most \`length\` characters.
            Done when the whole suite passes: node --test
      - usage: { input_tokens: 1650, output_tokens: 140, cost_usd: 0.007 }
  - when: { actor: ralph, iteration: 2 }
    steps:
      - say: Mending truncate as asked.
      - replace: { path: src/text.js, find: "text.slice(0, length) + '…'", with: "text.slice(0, length - 1) + '…'" }
      - run: { argv: [node, --test], exit: 0 }
      - replace: { path: docs/fix_plan.md, find: "[ ] truncate", with: "[x] truncate" }
      - usage: { input_tokens: 2900, output_tokens: 380, cost_usd: 0.014 }
      - outcome: { outcome: complete, summary: All four tests pass. }
  - when: { actor: galph, prompt: supervisor.md, iteration: 3 }
    steps:
      - say: One more wish, for whoever plays the engineer now.
      - write:
          path: input.md
          content: |
            Add initials(name) to src/text.js: the first letter of each word, in upper case. With a test.
            Done when the whole suite passes: node --test
      - usage: { input_tokens: 1500, output_tokens: 110, cost_usd: 0.006 }
  - when: { actor: ralph, iteration: 3 }
    steps:
      - say: Adding initials, and its test.
      - append:
          path: src/text.js
          content: |

            /** The first letter of each word, in upper case. */
            export function initials(name) {
              return name.split(/\\s+/).map((word) => word.slice(0, 1).toUpperCase()).join('');
            }
      - write:
          path: test/initials.test.js
          content: |
            import assert from 'node:assert/strict';
            import { test } from 'node:test';
            import { initials } from '../src/text.js';

            test('initials take the first letters', () => assert.equal(initials('ada king'), 'AK'));
      - run: { argv: [node, --test], exit: 0 }
      - usage: { input_tokens: 2400, output_tokens: 300, cost_usd: 0.011 }
`;

const CONFIG = `agent:
  default: player
agents:
  player: { kind: scripted, script: script.yaml }
router:
  enabled: true
  review_every_n: 2
  review_placement: before
`;

/** Files of the demo's workspace by path; prompts come from the package. */
export const DEMO_FILES: Readonly<Record<string, string>> = {
  'package.json': `${JSON.stringify({ name: 'demo-text', private: true, type: 'module', scripts: { test: 'node --test' } }, null, 2)}\n`,
  'README.md': `# demo-text\n\nTwo small functions on text, and their tests:\n\n${BACKTICKS}\nnpm test\n${BACKTICKS}\n`,
  'src/text.js': TEXT_JS,
  'test/text.test.js': TEXT_TEST_JS,
  'script.yaml': SCRIPT,
  'orchestration.yaml': CONFIG,
  '.gitignore': '/logs/\n/tmp/\n/.orchestrator/\n',
};
