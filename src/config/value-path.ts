import { posix } from 'node:path';
import { shown, written } from './value.ts';

/** A path below a folder, `/` between its parts; the normalised path, or why it is none. */
export function pathInside(raw: string, what = 'the workspace'): { readonly path: string } | { readonly problem: string } {
  if (raw.includes('\0') || raw.includes('\\')) return { problem: `must be a path with / between its parts, not ${shown(raw)}` };
  if (posix.isAbsolute(raw) || /^[A-Za-z]:/.test(raw)) return { problem: `must be relative to ${what}, not ${shown(raw)}` };
  const path = posix.normalize(raw).replace(/\/+$/, '');
  if (path === '..' || path.startsWith('../')) return { problem: `must stay inside ${what}, not ${shown(raw)}` };
  if (path === '.git' || path.startsWith('.git/')) return { problem: `must not lie in .git, not ${shown(raw)}` };
  return { path };
}

const inside = (what: string, itself: boolean) =>
  written(
    (raw, refuse) => {
      if (typeof raw !== 'string' || raw.trim() === '') return refuse(`must be a path, not ${shown(raw)}`);
      const checked = pathInside(raw.trim(), what);
      if ('problem' in checked) return refuse(checked.problem);
      return checked.path === '.' && !itself ? refuse(`must name a file, not ${shown(raw)}`) : checked.path;
    },
    { type: 'string', minLength: 1, pattern: '^[^/\\\\]' },
  );

/** A folder inside the workspace, `.` included. */
export const folder = () => inside('the workspace', true);
/** A file inside the workspace. */
export const file = () => inside('the workspace', false);
/** A prompt's name: a path inside `prompts_dir`. */
export const promptName = () => inside('prompts_dir', false);
