import { eventsOf, type Checker } from './checker.js';

/** The run comes to its end, and every task with it, once. */
export const everyTaskEnds: Checker = {
  name: 'every task ends, once',
  check: (recording) => {
    const { end, events, setup } = recording;
    const wrong: string[] = [];
    if (end.kind === 'broken') wrong.push(`the run broke: ${String(end.error)}`);
    if (end.kind === 'never') wrong.push('the run never ended');
    const times = new Map<string, number>();
    for (const { task } of eventsOf(recording, 'task-finished'))
      times.set(task, (times.get(task) ?? 0) + 1);
    const least = end.kind === 'died' ? 0 : 1;
    for (const { id } of setup.workload.plan.tasks) {
      const count = times.get(id) ?? 0;
      if (count > 1 || count < least) wrong.push(`task ${id} finished ${count} times`);
    }
    if (end.kind === 'ended' && events.at(-1)?.kind !== 'run-ended')
      wrong.push('the last event is another');
    return wrong;
  },
};

/** An attempt that succeeded before anyone decided to stop it has succeeded: its work is not done again. */
export const successIsFinal: Checker = {
  name: 'an attempt that exited with 0 before it was stopped has succeeded',
  check: (recording) => {
    const succeeded = new Set<string>();
    const stopped = new Set<string>();
    const wrong: string[] = [];
    for (const event of recording.events) {
      const key = 'attempt' in event ? `${event.task}#${event.attempt}` : '';
      if (event.kind === 'attempt-stopping') stopped.add(key);
      if (event.kind === 'attempt-exited' && event.exit.kind === 'code' && event.exit.code === 0) {
        if (!stopped.has(key)) succeeded.add(key);
      }
      if (event.kind !== 'attempt-ended' || !succeeded.has(key)) continue;
      if (event.verdict.kind !== 'exit')
        wrong.push(`${event.task} had succeeded and was called ${event.verdict.kind}`);
    }
    return wrong;
  },
};
