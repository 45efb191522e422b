import { createCgroupHost } from '../adapters/cgroup/cgroup-host.js';
import { systemClock } from '../adapters/clock/system-clock.js';
import type { HostSurvey } from '../adapters/host/survey.js';
import type { TierHere } from '../adapters/host/tier-choice.js';
import { createProcfsHost } from '../adapters/procfs/procfs-host.js';
import type { AttemptRef } from '../core/observation.js';
import type { TaskId } from '../core/task-spec.js';
import type { TaskHost } from '../supervisor/ports.js';
import type { RunPlan } from '../supervisor/run-plan.js';
import { present } from '../util/assert.js';

/** What the host of a run is made of. */
export interface HostOrder {
  readonly survey: HostSurvey;
  readonly choice: TierHere;
  readonly plan: RunPlan;
  readonly runId: string;
  /** By which tasks are known where there are no cgroups. */
  readonly cookie: string;
  /** The run has a tree already, with tasks in it. */
  readonly keepsTree: boolean;
  readonly warn: (sentence: string) => void;
  /** Place of a task in the run. */
  readonly indexOf: (task: TaskId) => number | undefined;
}

/**
 * What contains and measures the tasks in the tier that was chosen.
 *
 * @throws HostError when the tree of cgroups cannot be made.
 */
export function makeHost(order: HostOrder): TaskHost {
  const { survey, choice, plan, runId, cookie, keepsTree, warn, indexOf } = order;
  // Short, unique, and never the name of one of the kernel's own files.
  const nameOf = ({ task, attempt }: AttemptRef): string =>
    `task-${present(indexOf(task), `task ${task} was planned`)}.${attempt}`;
  const common = {
    budget: plan.config.budget,
    ...(plan.config.maxPids === undefined ? {} : { maxPids: plan.config.maxPids }),
    limits: survey.cgroups.limits,
    nameOf,
    now: () => systemClock.monotonicMs(),
    procPath: survey.procPath,
  };
  if (choice.tier === 'procfs') return createProcfsHost({ ...common, cookie, warn });
  const { tier, rootDirectory } = choice;
  const { safeBrake } = survey.features;
  const host = createCgroupHost({
    ...common,
    tier,
    rootDirectory,
    runId,
    keepsTree,
    safeBrake,
    warn,
  });
  if (!host.ok) throw host.error;
  return host.value;
}
