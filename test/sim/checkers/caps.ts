import type { RunEvent } from '../../../src/core/events.js';
import type { TaskId, TaskSpec } from '../../../src/core/task-spec.js';
import type { Recording } from '../simulate.js';
import { eventsOf, specsById, type Checker } from './checker.js';

const SLACK = 0.1;

/** Declared processors, named resources, concurrency groups and `max_parallel` are never exceeded. */
export const capsAreRespected: Checker = {
  name: 'cpus, resources, concurrency groups and max_parallel are never exceeded',
  check: (recording) => {
    const specOf = specsById(recording);
    const live = new Map<TaskId, TaskSpec>();
    const wrong: string[] = [];
    for (const event of recording.events) {
      if (event.kind === 'attempt-ended') live.delete(event.task);
      if (event.kind !== 'attempt-admitted') continue;
      live.set(event.task, specOf(event.task));
      // Alone, a task that wants more than there is runs all the same: the progress rule.
      if (live.size > 1) wrong.push(...exceeded(live, recording, event.task));
    }
    return wrong;
  },
};

function exceeded(
  live: ReadonlyMap<TaskId, TaskSpec>,
  { setup }: Recording,
  admitted: TaskId,
): string[] {
  const { config } = setup.workload.plan;
  const sum = (of: (spec: TaskSpec) => number): number =>
    [...live.values()].reduce((total, spec) => total + of(spec), 0);
  const own = live.get(admitted);
  const over = (what: string, of: (spec: TaskSpec) => number, cap: number): string[] => {
    const isWanted = own !== undefined && of(own) > 0;
    if (!isWanted || sum(of) <= cap) return [];
    return [`${what}: ${sum(of)} of ${cap} once ${admitted} was admitted`];
  };
  return [
    ...over('max_parallel', () => 1, config.maxParallel ?? Infinity),
    ...over('cpus', ({ cpus }) => (cpus === 'auto' ? 0 : cpus), config.cpus + SLACK),
    ...Object.entries(config.resources).flatMap(([name, cap]) =>
      over(`resource ${name}`, ({ resources }) => resources[name] ?? 0, cap),
    ),
    ...Object.entries(config.groups).flatMap(([name, cap]) =>
      over(`group ${name}`, ({ concurrency }) => Number(concurrency === name), cap),
    ),
  ];
}

/** What is admitted by the rule that it fits does fit. */
export const claimsAreRespected: Checker = {
  name: 'claims fill no more than the allowance, but for the progress rule',
  check: (recording) => {
    const wrong: string[] = [];
    // One that cannot be ended does not count.
    const live = new Set<TaskId>();
    for (const event of recording.events) {
      if (event.kind === 'attempt-ended' || event.kind === 'attempt-stuck') live.delete(event.task);
      if (event.kind !== 'attempt-admitted') continue;
      const { rule, claimedBytes, allowanceBytes, estimate, foresight } = event.reason;
      const reachedBytes = foresight?.peakBytes ?? claimedBytes + estimate.bytes;
      if (rule === 'fits' && reachedBytes > allowanceBytes)
        wrong.push(`${event.task} was said to fit at ${event.tMs} ms and does not`);
      if (rule === 'progress' && live.size > 0)
        wrong.push(`${event.task} was let in for progress while ${live.size} others ran`);
      live.add(event.task);
    }
    return wrong;
  },
};

/** A task starts when its needs have finished, and succeeded unless it says `when: always`; else it is skipped. */
export const needsAreRespected: Checker = {
  name: 'needs are respected, and skips say which need it was',
  check: (recording) => {
    const { tasks } = recording.setup.workload.plan;
    const specOf = specsById(recording);
    const outcomes = new Map<TaskId, string>();
    const ofJob = (job: string): (string | undefined)[] =>
      tasks.filter((spec) => spec.job === job).map(({ id }) => outcomes.get(id));
    const wrong: string[] = [];
    const check = (event: RunEvent): void => {
      if (event.kind === 'attempt-admitted') {
        const { needs, when } = specOf(event.task);
        for (const need of needs) {
          const done = ofJob(need);
          if (done.includes(undefined)) wrong.push(`${event.task} started before ${need} was done`);
          else if (when === 'success' && done.some((outcome) => outcome !== 'succeeded'))
            wrong.push(`${event.task} started although ${need} did not succeed`);
        }
      }
      if (event.kind !== 'task-finished') return;
      outcomes.set(event.task, event.outcome);
      const { skipped } = event;
      if (skipped?.kind !== 'need-did-not-succeed') return;
      if (ofJob(skipped.job).every((outcome) => outcome === 'succeeded'))
        wrong.push(`${event.task} was skipped for ${skipped.job}, which succeeded`);
    };
    for (const event of recording.events) check(event);
    return wrong;
  },
};

/** Nobody is passed for ever: everything that may run gets its turn, in the order of the queue or shortly after. */
export const nobodyStarves: Checker = {
  name: 'nobody starves',
  check: (recording) => {
    const waiting = new Map<TaskId, number>();
    const specOf = specsById(recording);
    const wrong: string[] = [];
    const admitted = eventsOf(recording, 'attempt-admitted');
    for (const { task, tMs } of eventsOf(recording, 'task-waits')) {
      if (waiting.has(task)) continue;
      waiting.set(task, tMs);
      const own = admitted.find((event) => event.task === task && event.tMs >= tMs);
      const passedBy = admitted.filter(
        (event) =>
          event.tMs > tMs + STARVED_AFTER_MS &&
          event.tMs < (own?.tMs ?? Infinity) &&
          specOf(event.task).priority <= specOf(task).priority &&
          event.reason.passed > 0,
      );
      if (passedBy.length > PASSED_MOST)
        wrong.push(`${task}, at the head since ${tMs} ms, was passed ${passedBy.length} times`);
    }
    return wrong;
  },
};

/** The head may be passed for a minute; later passes may be of another task's making, but not many. */
const STARVED_AFTER_MS = 70_000;
const PASSED_MOST = 20;
