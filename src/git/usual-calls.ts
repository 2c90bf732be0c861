/** How the calls begin that a run makes at every turn. A fork server knows them by number, as a shell reads its orders byte by byte. */

/** The checkout, as one process can tell it. */
export const STATUS = ['status', '--porcelain=v2', '-z', '--branch', '--no-ahead-behind', '--no-renames', '--ignore-submodules=none'] as const;

/** A commit without hooks, summary or a second look at the checkout. */
export const COMMIT = ['commit', '--quiet', '--no-status', '--no-verify', '--allow-empty-message', '--cleanup=verbatim'] as const;

/** Before a call that takes no optional locks. */
export const PASSIVE = '--no-optional-locks';

export const USUAL_CALLS: readonly (readonly string[])[] = [[PASSIVE, ...STATUS, '--untracked-files=all'], COMMIT];
