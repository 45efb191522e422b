import type { AttemptAdmitted } from '../../../src/core/events.js';
import type { TaskId, TaskSpec } from '../../../src/core/task-spec.js';
import type { Recording } from '../recording.js';
import { specsById, type Checker } from './checker.js';

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

/** Tasks of one unknown group that may run at once. */
const PILOTS = 2;
/** One that has not grown for so long is no pilot any more; nobody can know that of one that is younger. */
const FLAT_MS = 1500;

/** Of a group of which nothing is known no more than two start at once: a crowd looks small until all grow. */
export const strangersStartSlowly: Checker = {
  name: 'tasks of an unknown kind start a few at a time',
  check: (recording) => {
    const specOf = specsById(recording);
    const young = new Map<TaskId, { readonly group: string; readonly sinceMs: number }>();
    const wrong: string[] = [];
    for (const event of recording.events) {
      if (event.kind === 'attempt-ended') young.delete(event.task);
      if (event.kind !== 'attempt-admitted' || !isGuess(event)) continue;
      const { group } = specOf(event.task);
      const others = [...young.values()].filter(
        (one) => one.group === group && event.tMs - one.sinceMs < FLAT_MS,
      );
      if (others.length >= PILOTS && event.reason.rule === 'fits')
        wrong.push(`${event.task} started at ${event.tMs} ms beside ${others.length} of its kind`);
      young.set(event.task, { group, sinceMs: event.tMs });
    }
    return wrong;
  },
};

function isGuess({ reason }: AttemptAdmitted): boolean {
  const { source, samples } = reason.estimate;
  return source === 'unknown' || source === 'run' || (source === 'group' && samples < 2);
}
