import { createHash } from 'node:crypto';

/** The short instructions that agents get about our tools, in the form of the Agent Skills standard (agentskills.io). */

/** Where agents look for skills in a workspace: Claude Code has a folder of its own; Codex, Gemini CLI and OpenCode share one. */
export const SKILL_FILES: Readonly<Record<string, readonly string[]>> = {
  '.claude/skills/orchestrator/SKILL.md': ['claude'],
  '.agents/skills/orchestrator/SKILL.md': ['codex', 'gemini', 'opencode'],
};

const BODY = `---
name: orchestrator
description: How to ask the operator, declare what you will touch and report how your work ended, when orchestrator has started you. Use it when ORCHESTRATOR_OUTCOME is set in the environment.
---

# Working under orchestrator

You were started without a person beside you if \`ORCHESTRATOR_OUTCOME\` is set in your environment. Then:

- **Ask** only what a person must decide: call the tool \`ask_operator\` of the MCP server \`orchestrator\`. If it says that you
  are suspended, end at once and do not guess: your session goes on with the answer. Without that tool, write
  \`{"outcome": "blocked", "question": "…", "options": ["…"]}\` to the file that \`ORCHESTRATOR_OUTCOME\` names, and end.
- **Declare** early which files you will change: \`declare_touch\` with paths or globs. \`list_conflicts\` shows whose work
  meets yours.
- **Report** how it ended: \`report_outcome\`, or the same JSON in that file: \`{"outcome": "ok"}\`, or
  \`{"outcome": "failed", "summary": "…"}\`. Without a report, ending well counts as ok.
- What you leave uncommitted is committed for you. Stay on your branch; do not rewrite history, push, or commit to others.
`;

const MARK = /\n<!-- orchestrator skill ([0-9a-f]{16}) -->\n$/;
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** The whole file; its last line tells whether somebody has changed it since. */
export const skillText = (): string => `${BODY}\n<!-- orchestrator skill ${digest(BODY)} -->\n`;

/** Whether a file is one of ours as it was written, be it by an earlier version. */
export function isUntouched(text: string): boolean {
  const mark = MARK.exec(text)?.[1];
  return mark !== undefined && digest(text.replace(MARK, '')) === mark;
}
