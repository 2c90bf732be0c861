import { join } from 'node:path';

/** Where the pool keeps what is its own, in a workspace. Light, as commands that only look need no more of the pool. */

export const branchOf = (chunk: string): string => `orchestrator/${chunk}`;

export const poolFolder = (workspace: string): string => join(workspace, '.orchestrator');

export const worktreesFolder = (workspace: string): string => join(poolFolder(workspace), 'worktrees');

export const storeFile = (workspace: string): string => join(poolFolder(workspace), 'state.db');
