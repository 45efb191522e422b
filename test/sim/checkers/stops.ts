import type { HaltThreshold } from '../../../src/core/task-spec.js';
import { eventsOf, type Checker } from './checker.js';
import { tellByTicks, type Story } from './story.js';

/** Outcomes that count as failures. */
const FAILURES: readonly string[] = ['failed', 'oom-killed', 'timed-out'];

/** When the user wants the end, or too much has failed, nobody starts any more, and who runs is stopped as told. */
export const stopsAreFollowed: Checker = {
  name: 'a stop or a halt ends the run: nobody starts, and who runs is asked, or killed the second time',
  check: (recording) => {
    const wrong: string[] = [];
    tellByTicks(
      recording,
      (event, { stops, halted }) => {
        const isOver = stops > 0 || halted !== undefined;
        if (isOver && (event.kind === 'attempt-admitted' || event.kind === 'task-requeued'))
          wrong.push(`${event.task}: ${event.kind} at ${event.tMs} ms, when the run was over`);
      },
      ({ tMs }, story) => {
        for (const task of goingOn(story)) wrong.push(`${task} is let go on at ${tMs} ms`);
      },
    );
    return wrong;
  },
};

function goingOn({ live, stops, halted }: Story): string[] {
  if (stops === 0 && halted !== 'now') return [];
  return [...live]
    .filter(([, { stopping, killedAtMs }]) =>
      stops > 1 ? killedAtMs === undefined : stopping === undefined,
    )
    .map(([task]) => task);
}

/** The run is given up as soon as so many have failed as the user said, and not before. */
export const haltsAreInTime: Checker = {
  name: 'a run is halted when as much has failed as the user said, and not before',
  check: (recording) => {
    const { halt } = recording.setup.workload.plan.config;
    const { tasks } = recording.setup.workload.plan;
    if (halt.kind === 'never')
      return eventsOf(recording, 'halted').map(({ tMs }) => `halted at ${tMs} ms, and may never`);
    const wrong: string[] = [];
    let failures = 0;
    tellByTicks(
      recording,
      (event) => {
        if (event.kind === 'task-finished' && FAILURES.includes(event.outcome)) failures += 1;
        if (event.kind !== 'halted') return;
        if (!isReached(halt.threshold, failures, tasks.length) || event.failures !== failures)
          wrong.push(`halted at ${event.tMs} ms after ${failures} failures`);
      },
      ({ tMs }, { halted }) => {
        if (halted === undefined && isReached(halt.threshold, failures, tasks.length))
          wrong.push(`${failures} have failed at ${tMs} ms, and the run goes on`);
      },
    );
    return wrong;
  },
};

function isReached(threshold: HaltThreshold, failures: number, tasks: number): boolean {
  if (failures === 0) return false;
  return threshold.kind === 'count'
    ? failures >= threshold.failures
    : failures / tasks >= threshold.pct / 100;
}
