import type { RunConfig, TaskSpec } from '../../src/core/task-spec.js';

/** A task of which the user said nothing. */
export function plainTask(id: string, change: Partial<TaskSpec> = {}): TaskSpec {
  return {
    id,
    index: 0,
    job: change.job ?? id,
    matrix: {},
    needs: [],
    when: 'success',
    memory: { grow: { kind: 'none' } },
    cpus: 'auto',
    resources: {},
    preemptible: 0,
    onPreempt: { signal: 'SIGTERM', graceMs: 5000 },
    retries: { max: 0, on: [], delayMs: 1000, backoff: 2 },
    priority: 0,
    group: change.job ?? id,
    profile: 'curve',
    ...change,
  };
}

/** A run of which the user said nothing. */
export function plainConfig(change: Partial<RunConfig> = {}): RunConfig {
  return {
    name: 'test',
    budget: { kind: 'auto' },
    holdShare: 0.8,
    preemptShare: 0.9,
    criticalShare: 0.95,
    overcommit: 0.9,
    pressure: { somePct: 10, fullPct: 20, windowMs: 2000 },
    intervalMs: 100,
    halt: { kind: 'never' },
    groups: {},
    resources: {},
    cpus: 8,
    ...change,
  };
}
