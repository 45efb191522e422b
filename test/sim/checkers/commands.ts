import type { TaskId } from '../../../src/core/task-spec.js';
import { eventsOf, type Checker } from './checker.js';
import { Story } from './story.js';

/** What the user says is done, and nothing else with it. */
export const commandsAreObeyed: Checker = {
  name: 'nobody starts while held, and what was canceled ends and stays ended',
  check: (recording) => {
    const story = new Story(recording);
    const wrong: string[] = [];
    for (const event of recording.events) {
      if (event.kind === 'attempt-admitted') {
        const { task, tMs } = event;
        if (story.isHeld) wrong.push(`${task} starts at ${tMs} ms, and the run is held`);
        if (story.heldTasks.has(task)) wrong.push(`${task} starts at ${tMs} ms, and is held`);
      }
      if (event.kind === 'attempt-admitted' || event.kind === 'task-requeued') {
        const { task, tMs, kind } = event;
        if (story.canceled.has(task)) wrong.push(`${task}: ${kind} at ${tMs} ms after a cancel`);
      }
      story.follow(event);
    }
    return [...wrong, ...notTaken(recording)];
  },
};

/** A command that was given in time leaves a trace, unless things stood as it wanted. */
function notTaken(recording: Parameters<Checker['check']>[0]): string[] {
  if (recording.end.kind !== 'ended') return [];
  const endMs = recording.supervisor.state.ended?.tMs ?? 0;
  const finishedAt = new Map<TaskId, number>();
  for (const { task, tMs } of eventsOf(recording, 'task-finished')) finishedAt.set(task, tMs);
  const canceled = new Set(eventsOf(recording, 'cancel-requested').map(({ task }) => task));
  return (recording.setup.commands ?? []).flatMap(({ atMs, command }) => {
    if (command.kind !== 'cancel' || command.task === undefined || canceled.has(command.task))
      return [];
    const atEndMs = finishedAt.get(command.task) ?? endMs;
    // With the tick that takes it the task may just have ended.
    return atEndMs > atMs + LATEST_MS ? [`${command.task} was to be canceled at ${atMs} ms`] : [];
  });
}

/** A command wakes the loop; a machine that stands still may keep that from happening for so long. */
const LATEST_MS = 10_000;
