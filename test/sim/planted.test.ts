import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import { CHECKERS, violations } from './checkers/all.js';
import {
  capsAreRespected,
  claimsAreRespected,
  needsAreRespected,
  nobodyStarves,
} from './checkers/caps.js';
import type { Checker } from './checkers/checker.js';
import {
  everyTaskEnds,
  noTaskIsDoubled,
  nothingIsLeftOpen,
  repetitionsAreBounded,
  replayGivesTheState,
  successIsFinal,
} from './checkers/lifecycle.js';
import {
  budgetIsRespected,
  decisionsSayWhy,
  levelZeroIsLeftAlone,
  verdictsAreTrue,
} from './checkers/memory.js';
import { idleMachine } from './machine-spec.js';
import { rampAndHold } from './program.js';
import type { Recording } from './recording.js';
import { hoarding, simulate } from './simulate.js';
import { plainConfig, plainTask } from './specs.js';
import { workload } from './workload.js';

/** A run with something of everything: needs, preemption, failures, resources, a timeout. */
function honest(spoil?: Parameters<typeof simulate>[0]['spoil']): Recording {
  const config = plainConfig({ resources: { gpu: 1 }, groups: { net: 1 }, maxParallel: 8 });
  const tight = { memory: { grow: { kind: 'none' }, requestBytes: 100 * MiB } } as const;
  const tasks = [
    ...Array.from({ length: 8 }, (_, row) => ({
      spec: plainTask(`big.${row}`, {
        ...tight,
        job: 'big',
        profile: 'none',
        preemptible: row === 0 ? 0 : 2,
      }),
      program: rampAndHold(700 * MiB, 3000, 4000),
    })),
    { spec: plainTask('last', { needs: ['big'] }), program: rampAndHold(50 * MiB, 100, 500) },
    {
      spec: plainTask('flaky', {
        resources: { gpu: 1 },
        concurrency: 'net',
        cpus: 4,
        retries: { max: 1, on: [], delayMs: 100, backoff: 1 },
      }),
      program: { ...rampAndHold(50 * MiB, 100, 500), failing: { attempts: 1, code: 1 } },
    },
    {
      spec: plainTask('slow', { resources: { gpu: 1 }, timeoutMs: 1000 }),
      program: rampAndHold(50 * MiB, 100, 5000),
    },
  ];
  return simulate({
    seed: 1,
    machine: idleMachine(4 * GiB),
    workload: workload(config, tasks),
    ...(spoil === undefined ? {} : { spoil }),
  });
}

const run = honest();
const hoarded = honest(hoarding);

function withEvents(change: (events: RunEvent[]) => readonly RunEvent[]): Recording {
  return { ...run, events: change(structuredClone([...run.events])) };
}

function first<K extends RunEvent['kind']>(kind: K): Extract<RunEvent, { kind: K }> {
  const found = run.events.find(
    (event): event is Extract<RunEvent, { kind: K }> => event.kind === kind,
  );
  if (found === undefined) throw new Error(`the honest run has no ${kind}`);
  return found;
}

function without(kind: RunEvent['kind']): Recording {
  const event = first(kind);
  return withEvents((events) => events.filter((_, at) => run.events[at] !== event));
}

/** Says the first event of a kind several times over. */
function repeated(kind: RunEvent['kind'], times = 2): Recording {
  const at = run.events.indexOf(first(kind));
  return withEvents((events) => [
    ...events.slice(0, at),
    ...Array.from({ length: times - 1 }, () => structuredClone(events[at]!)),
    ...events.slice(at),
  ]);
}

function changed<K extends RunEvent['kind']>(
  kind: K,
  change: (event: Extract<RunEvent, { kind: K }>) => RunEvent,
): Recording {
  const at = run.events.indexOf(first(kind));
  return withEvents((events) =>
    events.map((event, i) => (i === at ? change(event as Extract<RunEvent, { kind: K }>) : event)),
  );
}

/** The same run, of a plan that asked for something else. */
function ofAnotherPlan(change: (spec: ReturnType<typeof plainTask>) => object): Recording {
  const { setup } = run;
  const tasks = setup.workload.plan.tasks.map((spec) => ({ ...spec, ...change(spec) }));
  const plan = { ...setup.workload.plan, tasks };
  return { ...run, setup: { ...setup, workload: { ...setup.workload, plan } } };
}

const admitted = first('attempt-admitted');
const preempted = run.events.find(
  (event) => event.kind === 'attempt-stopping' && event.reason.kind === 'preempted',
);

const PLANTED: readonly (readonly [bug: string, caughtBy: Checker, recording: () => Recording])[] =
  [
    ['a task is told finished twice', everyTaskEnds, () => repeated('task-finished')],
    ['a task never finishes', everyTaskEnds, () => without('task-finished')],
    ['no enclosure ever empties', everyTaskEnds, () => hoarded],
    ['no enclosure ever empties', nothingIsLeftOpen, () => hoarded],
    ['an attempt is admitted twice', noTaskIsDoubled, () => repeated('attempt-admitted')],
    ['an attempt is lost', noTaskIsDoubled, () => without('attempt-ended')],
    [
      'two attempts live at once',
      noTaskIsDoubled,
      () => ({ ...run, lives: run.lives.map((life) => ({ ...life, task: 'same' })) }),
    ],
    [
      'a success is thrown away',
      successIsFinal,
      () =>
        withEvents((events) =>
          events.map((event) =>
            event.kind === 'attempt-ended' && event.verdict.kind === 'exit'
              ? { ...event, verdict: { kind: 'canceled', by: 'signal' } }
              : event,
          ),
        ),
    ],
    [
      'an enclosure stays',
      nothingIsLeftOpen,
      () => ({ ...run, leftOpen: [{ task: 'big.0', attempt: 1 }] }),
    ],
    ['a task is retried for ever', repetitionsAreBounded, () => repeated('task-requeued', 7)],
    [
      'the last look at memory is missing from the journal',
      replayGivesTheState,
      () => {
        const last = run.events.findLastIndex((event) => event.kind === 'sampled');
        return withEvents((events) => events.filter((_, at) => at !== last));
      },
    ],
    [
      'an event was written wrongly',
      replayGivesTheState,
      () => changed('attempt-ended', (event) => ({ ...event, peakBytes: event.peakBytes + 1 })),
    ],
    [
      'a resource is given out twice',
      capsAreRespected,
      () => ofAnotherPlan(() => ({ resources: { gpu: 1 } })),
    ],
    ['processors are given out twice', capsAreRespected, () => ofAnotherPlan(() => ({ cpus: 8 }))],
    [
      'a concurrency group is overfilled',
      capsAreRespected,
      () => ofAnotherPlan(() => ({ concurrency: 'net' })),
    ],
    [
      'a task is let in that does not fit',
      claimsAreRespected,
      () =>
        changed('attempt-admitted', (event) => ({
          ...event,
          reason: { ...event.reason, rule: 'fits', claimedBytes: 100 * GiB },
        })),
    ],
    [
      'the progress rule is used while others run',
      claimsAreRespected,
      () =>
        withEvents((events) =>
          events.map((event) =>
            event.kind === 'attempt-admitted'
              ? { ...event, reason: { ...event.reason, rule: 'progress' } }
              : event,
          ),
        ),
    ],
    [
      'a task starts before its needs',
      needsAreRespected,
      () => ofAnotherPlan(({ job }) => ({ needs: job === 'big' ? ['last'] : [] })),
    ],
    [
      'a task at the head is passed for ever',
      nobodyStarves,
      () =>
        withEvents((events) => [
          { kind: 'task-waits', tMs: 0, task: 'last', reason: { kind: 'back-off', untilMs: 0 } },
          ...Array.from({ length: 30 }, () => ({
            ...admitted,
            tMs: 100_000,
            reason: { ...admitted.reason, passed: 1 },
          })),
          ...events.filter((event) => !('task' in event) || event.task !== 'last'),
        ]),
    ],
    [
      'nobody is preempted over the critical line',
      budgetIsRespected,
      () => ({
        ...withEvents((events) =>
          events.filter(({ kind }) => kind !== 'attempt-stopping' && kind !== 'attempt-killed'),
        ),
        trace: run.trace.map((point) => ({ ...point, usedBytes: point.budgetBytes })),
      }),
    ],
    [
      'a level-0 task is preempted',
      levelZeroIsLeftAlone,
      () => ofAnotherPlan(() => ({ preemptible: 0 })),
    ],
    [
      'a task is signalled without a decision',
      levelZeroIsLeftAlone,
      () => ({
        ...run,
        signals: [...run.signals, { task: 'last', attempt: 1, tMs: 10, signal: 'SIGTERM' }],
      }),
    ],
    [
      'a number is not one',
      decisionsSayWhy,
      () => changed('sampled', (event) => ({ ...event, claimedBytes: NaN })),
    ],
    [
      'a victim is not among its candidates',
      decisionsSayWhy,
      () =>
        withEvents((events) =>
          events.map((event) =>
            event.kind === 'attempt-stopping' && event.reason.kind === 'preempted'
              ? {
                  ...event,
                  reason: {
                    ...event.reason,
                    preempt: { ...event.reason.preempt, candidates: [] },
                  },
                }
              : event,
          ),
        ),
    ],
    [
      'a task of ours is called killed from outside',
      verdictsAreTrue,
      () =>
        changed('attempt-ended', (event) => ({
          ...event,
          verdict: { kind: 'external-signal', signal: 'SIGKILL' },
        })),
    ],
  ];

describe('the checkers', () => {
  test('find nothing wrong with an honest run that has something of everything', () => {
    expect(violations(run)).toEqual([]);
    expect(preempted).toBeDefined();
    expect(run.events.some((event) => event.kind === 'task-requeued')).toBe(true);
  });

  test.each(PLANTED)('catch it when %s', (_, checker, recording) => {
    expect(checker.check(recording())).not.toEqual([]);
  });

  test('are each caught failing by at least one planted bug', () => {
    const proven = new Set(PLANTED.map(([, checker]) => checker.name));
    expect(CHECKERS.map(({ name }) => name).filter((name) => !proven.has(name))).toEqual([]);
  });
});
