import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';

/** Folder of the chunks, from the workspace. */
export const PLANS = 'plans';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The name in `x`, `plans/x` or `plans/x/`. Failure `chunk_name_invalid`: nothing that could lead out of the folder, or that git takes for no branch. */
export function chunkName(written: string): Result<string> {
  const name = written.replace(/^\.\//, '').replace(/^plans\//, '').replace(/\/+$/, '');
  const fit = NAME.test(name) && !name.includes('..') && !name.endsWith('.lock') && !name.endsWith('.');
  return fit ? ok(name) : fail({ code: 'chunk_name_invalid', kind: 'invalid', message: `${JSON.stringify(written)} cannot be the name of a chunk: letters, digits, ".", "_" and "-", as one folder of ${PLANS}/.` });
}
