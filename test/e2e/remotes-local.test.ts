import { openFileRemote, openPathRemote } from '../rig/remotes/local.ts';
import { testHandOffOver } from '../rig/remotes/hand-off-tests.ts';

testHandOffOver('a local path', openPathRemote);
testHandOffOver('a file URL', openFileRemote);
