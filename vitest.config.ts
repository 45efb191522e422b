import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout: number, extra: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    ...extra,
  },
});

export default defineConfig({
  test: {
    // By default there is one less than there are processors.
    maxWorkers: 2,
    projects: [
      project('unit', 10_000),
      project('property', 120_000),
      project('sim', 300_000),
      project('adapters', 60_000),
      // The built CLI with real processes: two files at a time, as they mostly wait.
      project('e2e', 120_000, {
        sequence: { groupOrder: 1 },
        // It imports JSON without saying so, which node does not take.
        server: { deps: { inline: ['@actions/workflow-parser'] } },
      }),
      project('vm', 300_000, { fileParallelism: false }),
      // On demand: hours of virtual time and minutes of real time, without growth of memory or descriptors.
      project('soak', 24 * 3_600_000, { fileParallelism: false, execArgv: ['--expose-gc'] }),
    ],
  },
});
