import { testHandOffOver, testLostAnswersOver } from '../rig/remotes/hand-off-tests.ts';
import { openHttpRemote } from '../rig/remotes/http.ts';
import { openFileRemote, openPathRemote } from '../rig/remotes/local.ts';
import { openSshRemote } from '../rig/remotes/ssh.ts';

testHandOffOver('a local path', openPathRemote);
testHandOffOver('a file URL', openFileRemote);
testHandOffOver('ssh', openSshRemote);
testHandOffOver('smart HTTP', openHttpRemote);
testLostAnswersOver('ssh', openSshRemote);
testLostAnswersOver('smart HTTP', openHttpRemote);
