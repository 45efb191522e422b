import { launchesAreAsDecided } from '../checkers/attempts.js';
import { alarmsAreRaised } from '../checkers/alarms.js';
import { brakeIsLifted } from '../checkers/brake.js';
import { budgetIsThere } from '../checkers/budget.js';
import { strangersStartSlowly } from '../checkers/caps.js';
import { commandsAreObeyed } from '../checkers/commands.js';
import { deadlinesAreKept } from '../checkers/deadlines.js';
import { followsFromVerdict, sumsAreTrue } from '../checkers/outcomes.js';
import { haltsAreInTime, stopsAreFollowed } from '../checkers/stops.js';
import { turnsAreKept } from '../checkers/turns.js';
import { talliesAreTrue, tooLargeIsTooLarge } from '../checkers/verdicts.js';
import type { Recording } from '../recording.js';
import {
  admittedLike,
  changed,
  late,
  ofAnotherPlan,
  run,
  withEvents,
  without,
  type Planted,
} from './doctor.js';

/** The honest run, as if the user had wanted it given up after the first failure. */
function haltedFor(recording: Recording): Recording {
  const { setup } = recording;
  const { plan } = setup.workload;
  const halt = { kind: 'soon', threshold: { kind: 'count', failures: 1 } } as const;
  const told = { ...plan, config: { ...plan.config, halt } };
  return { ...recording, setup: { ...setup, workload: { ...setup.workload, plan: told } } };
}

/** Bugs about rules that hold tick by tick. */
export const RULES: readonly Planted[] = [
  [
    'a timeout is not enforced',
    deadlinesAreKept,
    () => ofAnotherPlan(({ id }) => (id === 'last' ? { timeoutMs: 100 } : {})),
  ],
  [
    'a task is killed in its time of grace',
    deadlinesAreKept,
    () => changed('attempt-killed', (event) => ({ ...event, because: 'grace-over', afterMs: -1 })),
  ],
  [
    'a task that was asked to end is never killed',
    deadlinesAreKept,
    () => withEvents((events) => events.filter(({ kind }) => kind !== 'attempt-killed')),
  ],
  [
    'the user wants the end, and a task is let go on',
    stopsAreFollowed,
    () => ({ ...late, events: late.events.filter(({ kind }) => kind !== 'attempt-stopping') }),
  ],
  [
    'tasks start after the user wanted the end',
    stopsAreFollowed,
    () =>
      withEvents((events) => [
        ...events.slice(0, 20),
        { kind: 'stop-requested', tMs: 0, signal: 'SIGINT', times: 1 },
        ...events.slice(20),
      ]),
  ],
  [
    'a task starts although the run is held',
    commandsAreObeyed,
    () => withEvents((events) => [{ kind: 'run-held', tMs: 0 }, ...events]),
  ],
  [
    'a task starts although it is held',
    commandsAreObeyed,
    () => withEvents((events) => [{ kind: 'task-held', tMs: 0, task: 'last' }, ...events]),
  ],
  [
    'a task starts although it was canceled',
    commandsAreObeyed,
    () =>
      withEvents((events) => [
        { kind: 'cancel-requested', tMs: 0, task: 'last', times: 1 },
        ...events,
      ]),
  ],
  [
    'a command is lost',
    commandsAreObeyed,
    () => ({
      ...run,
      setup: {
        ...run.setup,
        commands: [{ atMs: -1e6, command: { kind: 'cancel', task: 'last' } }],
      },
    }),
  ],
  ['a run is not halted when it should be', haltsAreInTime, () => haltedFor(run)],
  [
    'a run is halted that may never be',
    haltsAreInTime,
    () =>
      withEvents((events) => [...events, { kind: 'halted', tMs: 0, mode: 'soon', failures: 1 }]),
  ],
  [
    'a retry is not granted',
    followsFromVerdict,
    () => ofAnotherPlan(({ retries }) => ({ retries: { ...retries, max: retries.max + 1 } })),
  ],
  [
    'nothing follows from the end of an attempt',
    followsFromVerdict,
    () => without('task-requeued'),
  ],
  [
    'a failure is called a success',
    followsFromVerdict,
    () => changed('task-finished', (event) => ({ ...event, outcome: 'succeeded' })),
  ],
  [
    'preemptions are not counted at the end',
    sumsAreTrue,
    () => changed('run-ended', (event) => ({ ...event, preemptions: 0 })),
  ],
  [
    'a crowd of strangers is let in',
    strangersStartSlowly,
    () =>
      admittedLike(({ reason }) => ({
        estimate: { ...reason.estimate, source: 'unknown', samples: 0 },
      })),
  ],
  [
    'the jobfile is worked through backwards',
    turnsAreKept,
    () => ofAnotherPlan(({ index }) => ({ priority: index })),
  ],
  [
    'the budget counts on memory that others have',
    budgetIsThere,
    () => ({ ...run, looks: run.looks.map((look) => ({ ...look, roomBytes: 1 })) }),
  ],
  [
    'no alarm is raised',
    alarmsAreRaised,
    () => withEvents((events) => events.filter(({ kind }) => kind !== 'level-changed')),
  ],
  [
    'the brake is never lifted',
    brakeIsLifted,
    () => ({ ...run, treeWrites: run.treeWrites.filter(({ highBytes }) => highBytes !== 'max') }),
  ],
  [
    'a limit is not put in place',
    launchesAreAsDecided,
    () => ({ ...run, lives: run.lives.map((life) => ({ ...life, limitBytes: undefined })) }),
  ],
  [
    'the kernel takes the dearest first',
    launchesAreAsDecided,
    () => ({
      ...run,
      lives: run.lives.map((life) => ({ ...life, oomScoreAdj: -(life.oomScoreAdj ?? 0) })),
    }),
  ],
  [
    'peaks are lost',
    talliesAreTrue,
    () => changed('attempt-ended', (event) => ({ ...event, peakBytes: 0 })),
  ],
  [
    'one that had company is called too large',
    tooLargeIsTooLarge,
    () =>
      changed('attempt-ended', (event) => ({
        ...event,
        verdict: {
          kind: 'over-budget',
          peakBytes: event.peakBytes,
          budgetBytes: event.peakBytes,
          oom: { oomKill: 1, oom: 0, max: 0 },
        },
      })),
  ],
];
