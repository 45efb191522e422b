import { loadJobfile } from '../../src/adapters/jobfile/load.js';
import type { RunEvent } from '../../src/core/events.js';
import { learn } from '../../src/core/learning/learn.js';
import { emptyProfile, type GroupProfile } from '../../src/core/learning/profile.js';
import { sampleOf } from '../../src/core/learning/sample.js';
import { rehearse, RISE_SHARE, type StartUp } from '../../src/core/rehearsal/rehearse.js';
import type { Rehearsal } from '../../src/core/rehearsal/score.js';
import type { RunConfig, TaskSpec } from '../../src/core/task-spec.js';
import { GiB } from '../../src/util/bytes.js';
import type { Advisor } from './advisors.js';
import type { Policy } from './policies.js';
import type { PackingJob, Workload } from './workload.js';

/** The machine, and what happens on it beside the tasks. */
export interface Setting {
  /** What tasks together may use: the budget. */
  readonly memoryBytes: number;
  /** Infinity where processors are not to matter. */
  readonly cpus: number;
  readonly killLatencyMs: number;
  readonly startUp?: StartUp;
  readonly intervalMs: number;
}

/** Beside the budget a host keeps a margin for itself, at most so much. */
const MARGIN_BYTES = GiB;

/** Memory of a machine whose tasks may use the setting's. */
export function capacityOf({ memoryBytes }: Setting): number {
  return memoryBytes + MARGIN_BYTES;
}

/** The largest rise of a course in one step on such a machine. */
export function riseBytesOf(setting: Setting): number {
  return RISE_SHARE * capacityOf(setting);
}

/** Plays the workload in its order under a policy. Deterministic. */
export function play(workload: Workload, policy: Policy, setting: Setting): Rehearsal {
  if (policy.kind === 'requests') return playRequests(workload, policy, policy.advisor(), setting);
  const priors =
    policy.knows === 'an earlier run' ? learnedFrom(workload, policy, setting) : new Map();
  return perform(workload, policy, setting, { priors });
}

type Strategy = Extract<Policy, { kind: 'strategy' }>;

/** What a run in the opposite order shows. */
function learnedFrom(
  workload: Workload,
  policy: Strategy,
  setting: Setting,
): Map<string, GroupProfile> {
  const before = opposite(workload);
  const profiles = new Map<string, GroupProfile>();
  perform(before, { ...policy, knows: 'nothing' }, setting, {
    onEvent: (event) => {
      if (event.kind !== 'attempt-ended') return;
      const sample = sampleOf(event, 'cgroup', event.tMs);
      const group = before.jobs[placeOf(event.task)]?.group ?? '';
      if (sample !== undefined)
        profiles.set(group, learn(profiles.get(group) ?? emptyProfile(), sample));
    },
  });
  return profiles;
}

function opposite(workload: Workload): Workload {
  const last = workload.jobs.length - 1;
  const jobs = workload.jobs.map((job) => ({ ...job, needs: job.needs.map((at) => last - at) }));
  return { ...workload, jobs: jobs.reverse() };
}

function playRequests(
  workload: Workload,
  policy: Policy,
  advisor: Advisor,
  setting: Setting,
): Rehearsal {
  return perform(workload, policy, setting, {
    advisor,
    onEvent: (event) => {
      if (event.kind !== 'task-finished' || event.outcome !== 'succeeded') return;
      const job = workload.jobs[placeOf(event.task)];
      if (job !== undefined) advisor.learn(job, event.tMs);
    },
  });
}

interface Part {
  readonly advisor?: Advisor;
  readonly priors?: ReadonlyMap<string, GroupProfile>;
  readonly onEvent?: (event: RunEvent) => void;
}

function perform(
  { jobs }: Workload,
  policy: Policy,
  setting: Setting,
  { advisor, ...part }: Part,
): Rehearsal {
  const jobOf = (task: string): PackingJob => {
    const job = jobs[placeOf(task)];
    if (job === undefined) throw new RangeError(`there is no task ${task}`);
    return job;
  };
  const { plain, config } = saidNothing(setting);
  const { memoryBytes, killLatencyMs, startUp } = setting;
  return rehearse({
    config: {
      ...config,
      ...policy.config,
      budget: { kind: 'bytes', bytes: memoryBytes },
      cpus: setting.cpus,
    },
    tasks: jobs.map((job, index) => specOf(job, index, policy, plain, advisor)),
    courseOf: (task) => jobOf(task).course,
    inputBytesOf: (task) => jobOf(task).inputBytes,
    arrivalMs: (task) => jobOf(task).arrivalMs,
    host: { capacityBytes: capacityOf(setting), outsideBytes: 0, killLatencyMs },
    ...(startUp === undefined ? {} : { startUp }),
    ...part,
  });
}

/** Settings and a task of a jobfile that says nothing but what cannot be left out. */
function saidNothing({ memoryBytes, intervalMs }: Setting): {
  readonly plain: TaskSpec;
  readonly config: RunConfig;
} {
  const content = `version: 1\ninterval: ${intervalMs}ms\njobs: { plain: { run: ["true"] } }\n`;
  const loaded = loadJobfile(Buffer.from(content), {
    path: 'plain.yaml',
    baseDir: '/',
    host: { baseBytes: memoryBytes, autoBudgetBytes: memoryBytes, cpus: 1, autoMaxPids: 4096 },
    overrides: [],
    select: [],
  });
  if (!loaded.ok) throw loaded.error;
  const [plain] = loaded.value.tasks;
  if (plain === undefined) throw new RangeError('a jobfile with one job has a task');
  return { plain, config: loaded.value.config };
}

function specOf(
  job: PackingJob,
  index: number,
  policy: Policy,
  plain: TaskSpec,
  advisor: Advisor | undefined,
): TaskSpec {
  const id = taskId(index);
  const common = {
    ...plain,
    id,
    index,
    job: id,
    needs: job.needs.map(taskId),
    preemptible: policy.level,
  };
  if (policy.kind === 'requests') {
    // Asked for at every look: an autoscaler writes the requests of those that wait anew.
    const memory = {
      ...plain.memory,
      get requestBytes() {
        return Math.ceil(advisor?.requestFor(job) ?? 0);
      },
    };
    return { ...common, group: id, profile: 'none', memory };
  }
  const { requestBytes, inputBytes = 0 } = job;
  const memory =
    policy.knows === 'requests' && requestBytes !== undefined
      ? { ...plain.memory, requestBytes }
      : plain.memory;
  return {
    ...common,
    group: job.group,
    profile: policy.strategy,
    memory,
    ...(policy.knows === 'inputs' && inputBytes > 0 ? { hasInputs: true } : {}),
  };
}

function taskId(place: number): string {
  return `t${place}`;
}

function placeOf(task: string): number {
  return Number(task.slice(1));
}
