import type { RunEvent } from '../../../src/core/events.js';
import type { Recording } from '../recording.js';

/** What a run has come upon, by name: that of a decision, a verdict, a fault that struck. */
export function reachedBy(recording: Recording): readonly string[] {
  const { events, death, oomRecords, lives, setup } = recording;
  const names = new Set<string>(events.flatMap(namesOf));
  if (death !== undefined) names.add(death.wasWriting ? 'death in a line' : 'death before a deed');
  for (const { cause, task } of oomRecords)
    names.add(task === undefined ? 'oom-kill of a neighbour' : `oom-kill by ${cause}`);
  for (const { isVanished } of lives) if (isVanished) names.add('life in a cgroup that vanished');
  names.add(`tier ${setup.machine.tier}`);
  return [...names];
}

function namesOf(event: RunEvent): string[] {
  return [event.kind, ...detailsOf(event).map((detail) => `${event.kind}: ${detail}`)];
}

function detailsOf(event: RunEvent): string[] {
  switch (event.kind) {
    case 'attempt-admitted': {
      const { rule, estimate, foresight, passed } = event.reason;
      return [
        rule,
        `by ${estimate.source}`,
        ...(foresight === undefined ? [] : ['by a curve']),
        ...(passed > 0 ? ['past others'] : []),
      ];
    }
    case 'checkpoint-asked':
      return [event.why, event.by.kind];
    case 'checkpoint-made':
      return [event.how];
    case 'checkpoint-missed':
      return [event.because.kind];
    case 'attempt-ended':
      return [event.verdict.kind];
    case 'attempt-killed':
      return [event.because];
    case 'attempt-stopping':
      return [
        event.reason.kind,
        ...(event.saving === undefined ? [] : [`work: ${event.saving.kind}`]),
      ];
    case 'level-changed':
      return [`to ${event.to} by ${event.reason.rule}`];
    case 'attempt-suspended':
      return [event.reason.rule, ...(event.reclaimBytes === undefined ? [] : ['to swap'])];
    case 'attempt-thawed':
      return [event.reason.kind];
    case 'task-finished':
      return [event.skipped?.kind ?? event.outcome];
    case 'task-requeued':
      return [event.cause.kind];
    case 'task-waits':
      return [event.reason.kind];
    default:
      return [];
  }
}

/** What a thousand seeds have to come upon, or they do not show much. */
export const MUST_REACH: readonly string[] = [
  'attempt-admitted: by a curve',
  'attempt-admitted: by earlier-attempt',
  'attempt-admitted: by group',
  'attempt-admitted: by profile',
  'attempt-admitted: by request',
  'attempt-admitted: by run',
  'attempt-admitted: by unknown',
  'attempt-admitted: past others',
  'attempt-admitted: progress',
  'attempt-ended: bystander',
  'attempt-ended: canceled',
  'attempt-ended: checkpoint-missing',
  'attempt-ended: checkpointed',
  'attempt-ended: could-not-start',
  'attempt-ended: exit',
  'attempt-ended: external-signal',
  'attempt-ended: lost',
  'attempt-ended: over-budget',
  'attempt-ended: own-limit',
  'attempt-ended: preempted',
  'attempt-ended: timed-out',
  'attempt-killed: critical',
  'attempt-killed: grace-over',
  'attempt-killed: left-behind',
  'attempt-stopping: canceled',
  'attempt-stopping: halt',
  'attempt-stopping: left-behind',
  'attempt-stopping: preempted',
  'attempt-stopping: signal',
  'attempt-stopping: timed-out',
  'attempt-stopping: work: ask',
  'attempt-stopping: work: no-time',
  'attempt-stopping: work: recent',
  'attempt-stuck',
  'attempt-suspended: growth',
  'attempt-suspended: to swap',
  'attempt-suspended: use',
  'attempt-thawed: fits',
  'attempt-thawed: only-frozen-left',
  'brake-felt',
  'cancel-requested',
  'run-held',
  'run-released',
  'task-finished: canceled',
  'task-held',
  'task-released',
  'task-waits: held',
  'budget-changed',
  'checkpoint-asked: every',
  'checkpoint-asked: run',
  'checkpoint-asked: signal',
  'checkpoint-asked: stop',
  'checkpoint-made: by-itself',
  'checkpoint-made: exit',
  'checkpoint-made: folder',
  'checkpoint-made: hook',
  'checkpoint-missed: ended',
  'checkpoint-missed: hook-failed',
  'checkpoint-missed: no-time',
  'checkpoint-missed: nobody-listens',
  'checkpoint-missed: timeout',
  'death before a deed',
  'death in a line',
  'halted',
  'inputs-measured',
  'level-changed: to critical by growth',
  'level-changed: to critical by usage',
  'level-changed: to hold by some-pressure',
  'level-changed: to hold by usage',
  'level-changed: to preempt by full-pressure',
  'level-changed: to preempt by usage',
  'life in a cgroup that vanished',
  'oom-kill by host-oom',
  'oom-kill by own-limit',
  'oom-kill by tree-oom',
  'oom-kill of a neighbour',
  'task-finished: canceled',
  'task-finished: failed',
  'task-finished: halted',
  'task-finished: need-did-not-succeed',
  'task-finished: oom-killed',
  'task-finished: stopped',
  'task-finished: timed-out',
  'task-requeued: bystander',
  'task-requeued: checkpointed',
  'task-requeued: limit-grown',
  'task-requeued: preempted',
  'task-requeued: retry',
  'task-waits: back-off',
  'task-waits: concurrency',
  'task-waits: cpus',
  'task-waits: level',
  'task-waits: max-parallel',
  'task-waits: memory',
  'task-waits: resource',
  'task-waits: slow-start',
  'task-waits: suspended',
  'tick-late',
  'tier cgroup',
  'tier hybrid',
  'tier procfs',
  'victims-missing',
];
