import { isScalar, parseDocument } from 'yaml';
import { fail, ok, type Result } from '../base/failure.ts';
import { parseText } from './parse-file.ts';
import { configInvalid } from './problem.ts';

/** A change of a file's text. `path` goes key by key, because names of prompts have dots; value undefined takes the key out. */
export interface Edit {
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * The text of an orchestration.yaml with one key set; comments, order and layout of the rest stay. Missing sections are
 * made. Fails with `config_invalid` where the text before or after the change is wrong; `file` names it in messages.
 */
export function editText(text: string, { path, value }: Edit, file: string): Result<string> {
  const before = parseText(text, file);
  if (before.problems.length > 0) return configInvalid(before.problems);
  const document = parseDocument(text, { schema: 'core' });
  // A section without a value (`router:`) is a null, not a mapping, and has to make room for one.
  for (let length = 1; length < path.length; length += 1) {
    const above = path.slice(0, length);
    if (document.hasIn(above) && document.getIn(above) === null) document.deleteIn(above);
  }
  try {
    const present = document.getIn(path, true);
    if (value === undefined) document.deleteIn(path);
    // The old node keeps the comment behind it.
    else if (isScalar(present) && (typeof value !== 'object' || value === null)) present.value = value;
    else document.setIn(path, document.createNode(value));
  } catch (error) {
    const message = `Cannot set ${path.join('.')} in ${file}: ${error instanceof Error ? error.message : String(error)}`;
    return fail({ code: 'config_not_editable', kind: 'invalid', message, hint: 'The section is written in a short form or as an alias; change it by hand.' });
  }
  const edited = document.toString({ lineWidth: 0 });
  const after = parseText(edited, file);
  return after.problems.length > 0 ? configInvalid(after.problems) : ok(edited);
}
