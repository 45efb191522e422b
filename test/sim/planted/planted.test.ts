import { describe, expect, test } from 'vitest';
import { CHECKERS, violations } from '../checkers/all.js';
import { setupFor } from '../seeds.js';
import { simulate } from '../simulate.js';
import { ADMISSION } from './admission.js';
import { AT_WORK } from './at-work.js';
import { CHECKPOINTS, saved } from './checkpoints.js';
import { dead, isA, late, run } from './doctor.js';
import { ENDS } from './ends.js';
import { FROST, frosty } from './frost.js';
import { JOURNAL } from './journal.js';
import { MEMORY } from './memory.js';
import { REASONS } from './reasons.js';
import { REPETITIONS } from './repetitions.js';
import { RULES } from './rules.js';

/** So many seeds, and the bug has shown. */
const SEEDS_TO_SHOW = 60;

const PLANTED = [
  ...ENDS,
  ...REPETITIONS,
  ...JOURNAL,
  ...ADMISSION,
  ...MEMORY,
  ...REASONS,
  ...RULES,
  ...FROST,
  ...CHECKPOINTS,
];

describe('the checkers', () => {
  test('find nothing wrong with an honest run that has something of everything', () => {
    expect(violations(run)).toEqual([]);
    const causes = run.events.filter(isA('task-requeued')).map(({ cause }) => cause.kind);
    expect(new Set(causes)).toEqual(new Set(['preempted', 'retry', 'limit-grown']));
  });

  test('find nothing wrong with a task that was stopped on its way, and is when it has started', () => {
    expect(violations(late)).toEqual([]);
    expect(late.signals).toMatchObject([{ task: 'late', signal: 'SIGTERM' }]);
    expect(late.signals[0]?.tMs).toBeGreaterThanOrEqual(1600);
  });

  test('find nothing wrong with a run in which attempts are frozen and go on', () => {
    expect(violations(frosty)).toEqual([]);
    expect(frosty.events.filter(isA('attempt-suspended')).map(({ task }) => task)).toEqual([
      'grow.2',
      'grow.1',
    ]);
    expect(frosty.events.filter(isA('attempt-thawed')).map(({ task }) => task)).toEqual([
      'grow.1',
      'grow.2',
    ]);
    expect(frosty.events.filter(isA('task-requeued'))).toEqual([]);
  });

  test('find nothing wrong with a journal whose writer died', () => {
    expect(violations(dead)).toEqual([]);
    expect(dead.end.kind).toBe('died');
  });

  test('find nothing wrong with tasks that save their work and go on from there', () => {
    expect(violations(saved)).toEqual([]);
    const kinds = new Set(saved.events.map(({ kind }) => kind));
    expect([...kinds]).toEqual(expect.arrayContaining(['checkpoint-asked', 'checkpoint-made']));
    const causes = saved.events.filter(isA('task-requeued')).map(({ cause }) => cause.kind);
    expect(new Set(causes)).toEqual(new Set(['preempted', 'checkpointed']));
  });

  test.each(PLANTED)('catch it when %s', (_, checker, recording) => {
    expect(checker.check(recording())).not.toEqual([]);
  });

  test.each(AT_WORK)('catch it in the seeds when %s', (_, checker, spoil) => {
    const isCaught = (seed: number): boolean =>
      checker.check(simulate({ ...setupFor(seed), spoil })).length > 0;
    const seeds = Array.from({ length: SEEDS_TO_SHOW }, (__, at) => at + 1);
    expect(seeds.some(isCaught)).toBe(true);
  });

  test('are each caught failing by at least one planted bug', () => {
    const proven = new Set(PLANTED.map(([, checker]) => checker.name));
    expect(CHECKERS.map(({ name }) => name).filter((name) => !proven.has(name))).toEqual([]);
  });
});
