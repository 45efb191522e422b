import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { launchesAreAsDecided, noTaskIsDoubled, nothingIsLeftOpen } from '../checkers/attempts.js';
import { capsAreRespected } from '../checkers/caps.js';
import type { Checker } from '../checkers/checker.js';
import { needsAreRespected } from '../checkers/needs.js';
import { deathLosesNothing, differences, replay } from '../checkers/replay.js';
import { frozenGoOnFirst, neverAllAreFrozen } from '../checkers/suspension.js';
import { successIsFinal } from '../checkers/tasks-end.js';
import { throughJournal } from '../journal-file.js';
import { Random } from '../random.js';
import type { Recording, Setup } from '../recording.js';
import { setupFor } from '../seeds.js';
import { simulate } from '../simulate.js';
import { resume } from '../successor.js';

/** `SIM_SEED=k` runs that seed alone; `SIM_RESUMES=n` the first n. */
const ONLY = process.env['SIM_SEED'];
const SEEDS = Number(process.env['SIM_RESUMES'] ?? 400);
const BLOCK = 50;

/** The run of a seed, with a death in it, and somebody who goes on. */
function mortalSetup(seed: number): Setup {
  const setup = setupFor(seed);
  const chance = new Random(seed).fork('resume');
  const at = chance.pick(['event', 'deed'] as const);
  const after = Math.floor(chance.logBetween(1, at === 'event' ? 600 : 150)) - 1;
  return { death: { at, after, tornShare: chance.next() }, ...setup, successor: resume };
}

/** No task is forgotten, and none that has succeeded is finished again or begun again. */
const everyTaskEndsForGood: Checker = {
  name: 'every task ends, and success is for good',
  check: ({ end, events, setup, lives, lost }) => {
    const wrong: string[] = [];
    if (end.kind !== 'ended') wrong.push(`it is ${end.kind}: ${errorOf(end)}`);
    const succeeded = new Set<string>();
    const finished = new Set<string>();
    for (const event of events) {
      if (event.kind === 'attempt-admitted' && succeeded.has(event.task))
        wrong.push(`${event.task} had succeeded and began again`);
      if (event.kind !== 'task-finished') continue;
      if (succeeded.has(event.task)) wrong.push(`${event.task} was finished again`);
      finished.add(event.task);
      if (event.outcome === 'succeeded') succeeded.add(event.task);
    }
    for (const { id } of setup.workload.plan.tasks)
      if (!finished.has(id)) wrong.push(`${id} was forgotten`);
    const isLost = (key: string): boolean =>
      lost.some(({ task, attempt }) => `${task}#${attempt}` === key);
    const done = lives.filter(({ cause, end: how }) => cause === 'finished' && isSuccess(how));
    for (const { task, attempt } of done) {
      const again = lives.find((life) => life.task === task && life.attempt > attempt);
      if (
        again !== undefined &&
        !isLost(`${task}#${attempt}`) &&
        !wasStopped(events, task, attempt)
      )
        wrong.push(`${task} had done its work in attempt ${attempt} and did it again`);
    }
    return wrong;
  },
};

function errorOf(end: Recording['end']): string {
  return end.kind === 'broken' ? String(end.error) : '';
}

function isSuccess(end: Recording['lives'][number]['end']): boolean {
  return end?.kind === 'code' && end.code === 0;
}

/** One that was asked to end and did so in its own time has not succeeded. */
function wasStopped(events: Recording['events'], task: string, attempt: number): boolean {
  return events.some(
    (event) =>
      event.kind === 'attempt-stopping' && event.task === task && event.attempt === attempt,
  );
}

/** The joined journal gives the state of the one who went on. */
const joinedJournalReplays: Checker = {
  name: 'replaying the joined journal gives the live state',
  check: ({ events, supervisor, end }) => {
    if (end.kind !== 'ended') return [];
    const state = replay(throughJournal(events));
    return isDeepStrictEqual(state, supervisor.state) ? [] : differences(state, supervisor.state);
  },
};

const CHECKERS: readonly Checker[] = [
  everyTaskEndsForGood,
  joinedJournalReplays,
  deathLosesNothing,
  noTaskIsDoubled,
  nothingIsLeftOpen,
  successIsFinal,
  launchesAreAsDecided,
  needsAreRespected,
  capsAreRespected,
  neverAllAreFrozen,
  frozenGoOnFirst,
];

describe('a run whose supervisor dies and is resumed', () => {
  const seeds =
    ONLY === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(ONLY)];
  const seen = { resumed: 0, adopted: 0, lost: 0 };
  for (let from = 0; from < seeds.length; from += BLOCK) {
    const block = seeds.slice(from, from + BLOCK);
    test(`seeds from ${String(block[0])} on`, () => {
      for (const seed of block) {
        const recording = simulate(mortalSetup(seed));
        const wrong = CHECKERS.flatMap(({ name, check }) =>
          check(recording).map((what) => `${name}: ${what}`),
        );
        expect(wrong, `SIM_SEED=${seed} shows it again`).toEqual([]);
        for (const event of recording.events) {
          if (event.kind !== 'run-resumed') continue;
          seen.resumed += 1;
          seen.adopted += event.adopted.length;
          seen.lost += event.lost.length;
        }
      }
    });
  }

  test.runIf(ONLY === undefined)('in some of them there was something to take over', () => {
    expect(Math.min(seen.resumed, seen.adopted, seen.lost)).toBeGreaterThan(0);
  });
});
