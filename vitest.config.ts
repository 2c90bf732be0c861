import { defineConfig } from 'vitest/config';

/** What tests may rely on of the machine: nothing of the person's own git configuration, language or orchestrator. */
const hermetic = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C.UTF-8',
  NO_COLOR: '1',
};

const shared = {
  env: hermetic,
  // Real processes on a busy machine of two cores; a test that hangs is still found.
  testTimeout: 30_000,
  hookTimeout: 30_000,
  // Tests may send signals and set the umask or the environment: never in threads of one process.
  pool: 'forks' as const,
};

export default defineConfig({
  test: {
    // One worker less than cores is the default, which on two cores is one; the tests mostly wait for processes.
    maxWorkers: 3,
    projects: [
      {
        test: {
          ...shared,
          name: 'main',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/system/**', 'test/agents/**', 'test/fixtures/**'],
        },
      },
      {
        test: {
          ...shared,
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'agents',
          include: ['test/agents/*.test.ts'],
          // The real command lines take seconds to start, most of all the first time and beside each other.
          testTimeout: 90_000,
          maxConcurrency: 4,
        },
      },
    ],
  },
});
