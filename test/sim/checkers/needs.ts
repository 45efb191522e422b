import type { RunEvent } from '../../../src/core/events.js';
import type { TaskId } from '../../../src/core/task-spec.js';
import { specsById, type Checker } from './checker.js';

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
