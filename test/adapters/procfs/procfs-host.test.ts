import { randomUUID } from 'node:crypto';
import { surveyHost } from '../../../src/adapters/host/survey.js';
import { createProcfsHost } from '../../../src/adapters/procfs/procfs-host.js';
import { taskHostContract } from '../host/task-host-contract.js';

taskHostContract('procfs', (now) =>
  createProcfsHost({
    budget: { kind: 'auto' },
    limits: surveyHost().cgroups.limits,
    nameOf: ({ task, attempt }) => `${task}-${attempt}`,
    cookie: randomUUID(),
    now,
  }),
);
