import { hideSecrets, holdsSecret } from './hide-secrets.ts';
import type { Journal } from './journal.ts';
import type { LoopRuntime } from './runtime.ts';
import { readState } from './stamp.ts';
import type { StateDocument } from './state.ts';
import { readAgentEdit } from './transition.ts';

/** What the agent wrote into the state file, as far as it counts. A broken edit counts for nothing and is replaced. */
export function agentEdit(runtime: LoopRuntime, journal: Journal, before: StateDocument, warn: (message: string) => void) {
  const file = runtime.settings.state_file;
  const found = readState(runtime.repository.root, file);
  const none = { exit: false, exit_reason: null, raw: before.raw };
  if (!found.ok) {
    warn(`The agent left ${file} broken; it is written again from the journal: ${found.failure.message.replace(' The file was left as it is.', '')}`);
    return { ...none, broken: true };
  }
  // Where there was none before, there is nothing to put back.
  if (found.value.text === null) return { ...none, broken: journal.state_before !== null };
  const edit = readAgentEdit(before, found.value);
  // After a crash the file may hold this very turn's stamp already; that is no edit of the agent's.
  if (found.value.state.turn_id === journal.turn_id) return { ...edit, broken: false };
  if (edit.ignored.length > 0) warn(`The agent changed ${edit.ignored.join(', ')} in ${file}; only exit, exit_reason and keys of its own are taken.`);
  for (const key of Object.keys(edit.raw)) {
    if (JSON.stringify(before.raw[key]) === JSON.stringify(edit.raw[key]) || !holdsSecret(edit.raw[key])) continue;
    warn(`The agent put what looks like a secret into ${file} (${key}); that key is not taken.`);
    if (key in before.raw) edit.raw[key] = before.raw[key];
    else delete edit.raw[key];
  }
  return { ...edit, exit_reason: edit.exit_reason === null ? null : hideSecrets(edit.exit_reason), broken: edit.ignored.length > 0 };
}
