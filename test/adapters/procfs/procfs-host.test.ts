import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { surveyHost } from '../../../src/adapters/host/survey.js';
import { createProcfsHost } from '../../../src/adapters/procfs/procfs-host.js';
import { taskHostContract } from '../host/task-host-contract.js';

taskHostContract('procfs', () =>
  createProcfsHost({
    budget: { kind: 'auto' },
    limits: surveyHost().cgroups.limits,
    nameOf: ({ task, attempt }) => `${task}-${attempt}`,
    cookie: randomUUID(),
    now: () => performance.now(),
  }),
);
