/** Runs a program that ends with this process, which the test then kills: `node run-guarded-program.ts <program> <argument>…`. */
import { runProgram } from '../../src/process/run-program.ts';

const [program = '', ...args] = process.argv.slice(2);
await runProgram([program, ...args], { cwd: '/', env: { PATH: process.env['PATH'] ?? '' }, timeout_ms: 0, guarded: true });
