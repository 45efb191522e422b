import type { TaskRequeued } from '../../../src/core/events.js';
import type { Recording } from '../recording.js';
import { eventsOf, specsById, type Checker } from './checker.js';

/** A kernel kill that hit it through no fault of its own is forgiven so often. */
const BYSTANDER_BOUND = 5;
const PREEMPTION_BOUND = 5;
const GROWTH_BOUND = 5;
/** So often a task may save its work and ask to be run again. */
const CHECKPOINT_BOUND = 1000;

/** Every repetition has a bound, and is counted one by one. */
export const repetitionsAreBounded: Checker = {
  name: 'retries, preemptions, growths and forgiven kills are bounded',
  check: (recording) => {
    const specOf = specsById(recording);
    const counts = new Map<string, number>();
    const wrong: string[] = [];
    for (const { task, cause } of eventsOf(recording, 'task-requeued')) {
      const key = `${task} ${cause.kind}`;
      const times = (counts.get(key) ?? 0) + 1;
      counts.set(key, times);
      const bound = {
        preempted: PREEMPTION_BOUND,
        bystander: BYSTANDER_BOUND,
        'limit-grown': GROWTH_BOUND,
        retry: specOf(task).retries.max,
        checkpointed: CHECKPOINT_BOUND,
        // As often as somebody resumes the run.
        resumed: Infinity,
      }[cause.kind];
      if (times > bound) wrong.push(`${task}: ${cause.kind} for the ${times}th time`);
      const told = toldCount(cause);
      if (told !== undefined && told !== times)
        wrong.push(`${task}: ${cause.kind} for the ${times}th time is called the ${told}th`);
    }
    return wrong;
  },
};

function toldCount(cause: TaskRequeued['cause']): number | undefined {
  switch (cause.kind) {
    case 'preempted':
      return cause.preemptions;
    case 'bystander':
    case 'checkpointed':
      return cause.times;
    case 'retry':
      return cause.retry;
    case 'limit-grown':
    case 'resumed':
      return undefined;
  }
}

/** What was learned of a task is not unlearned, and a wait that was announced is waited. */
export const requeuesAreKept: Checker = {
  name: 'back-offs are waited out, floors never fall and limits only grow',
  check: (recording) => [...tooEarly(recording), ...unlearned(recording)],
};

function tooEarly(recording: Recording): string[] {
  const notBeforeMs = new Map<string, number>();
  const wrong: string[] = [];
  for (const event of recording.events) {
    if (event.kind === 'task-requeued') notBeforeMs.set(event.task, event.notBeforeMs);
    if (event.kind !== 'attempt-admitted') continue;
    const due = notBeforeMs.get(event.task) ?? 0;
    if (event.tMs < due) wrong.push(`${event.task} started at ${event.tMs} ms, not from ${due} on`);
  }
  return wrong;
}

function unlearned(recording: Recording): string[] {
  const specOf = specsById(recording);
  const floors = new Map<string, number>();
  const limits = new Map<string, number>();
  const wrong: string[] = [];
  for (const event of recording.events) {
    if (event.kind === 'task-requeued') {
      if (event.floorBytes < (floors.get(event.task) ?? 0))
        wrong.push(`the floor of ${event.task} fell at ${event.tMs} ms`);
      floors.set(event.task, event.floorBytes);
    }
    if (event.kind !== 'attempt-admitted') continue;
    const { task, limitBytes, reason } = event;
    const limit = limits.get(task) ?? specOf(task).memory.limitBytes;
    if (
      (limitBytes ?? Infinity) < (limit ?? Infinity) ||
      (limit === undefined) !== (limitBytes === undefined)
    )
      wrong.push(`the limit of ${task} was ${String(limit)} and is ${String(limitBytes)}`);
    if (limitBytes !== undefined) limits.set(task, limitBytes);
    const floor = Math.min(floors.get(task) ?? 0, limitBytes ?? Infinity);
    if (reason.estimate.bytes < floor)
      wrong.push(`${task} is expected to need ${reason.estimate.bytes}, and had ${floor} before`);
  }
  return wrong;
}
