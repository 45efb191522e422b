import { describe, expect, test } from 'vitest';
import { estimateFor } from '../../../src/core/estimate.js';
import { expectedWorkOf } from '../../../src/core/expected-work.js';
import { learn } from '../../../src/core/learning/learn.js';
import { emptyProfile, type GroupProfile } from '../../../src/core/learning/profile.js';
import { CURVE_BINS } from '../../../src/core/learning/types.js';
import { pastCourses } from '../../../src/core/rehearsal/past-courses.js';
import { taskKeyOf } from '../../../src/core/task-key.js';
import type { TaskSpec } from '../../../src/core/task-spec.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { completed, stopped } from './learning/samples.js';
import { Loop } from './loop.js';

/** In no order that looks like a group that grows. */
const SIZES = [400, 800, 100, 200];
const S = 1000;

const specOf = (mib: number, more: Partial<TaskSpec> = {}): TaskSpec =>
  plainTask(`row-${mib}`, {
    job: 'work',
    group: 'work',
    matrix: { mib: String(mib) },
    preemptible: 1,
    cpus: 0,
    ...more,
  });

/** What is known after each size has run so often: it took as many tenths of a second as MiB. */
function known(times: number): GroupProfile {
  let profile = emptyProfile();
  for (let at = 0; at < times * SIZES.length; at += 1) {
    const mib = SIZES[at % SIZES.length] ?? 0;
    const curve = Array<number>(CURVE_BINS).fill(mib * MiB);
    const task = taskKeyOf(specOf(mib));
    profile = learn(profile, completed(at, mib, { task, curve, durationMs: mib * 100 }));
  }
  return profile;
}

function loopOf(specs: readonly TaskSpec[], profile: GroupProfile, budgetBytes = 8 * GiB): Loop {
  return new Loop(
    specs,
    { budget: { kind: 'bytes', bytes: budgetBytes } },
    new Map([['work', profile]]),
  );
}

const BASIS = {
  budgetBytes: 8 * GiB,
  liveGroupPeaks: new Map<string, number>(),
  settledGroupPeaks: new Map<string, number>(),
};

function estimateOf(spec: TaskSpec, profile: GroupProfile): string {
  const loop = loopOf([spec], profile);
  const { bytes, source, samples } = estimateFor(
    loop.record(spec.id),
    loop.control.knowledge,
    BASIS,
  );
  return `${Math.round(bytes / MiB)} ${source} ${samples}`;
}

describe('a task that ran before', () => {
  test('is expected to need what it needed, and as much more as reruns differ by', () => {
    expect(estimateOf(specOf(100), known(1))).toBe('115 same-task 1');
    expect(estimateOf(specOf(800), known(1))).toBe('920 same-task 1');
    // Eight pairs without any difference: it is surer.
    expect(estimateOf(specOf(800), known(3))).toBe('863 same-task 3');
  });

  test('counts with what it was stopped at since', () => {
    const bound = stopped(99, 300, { task: taskKeyOf(specOf(100)) });
    expect(estimateOf(specOf(100), learn(known(1), bound))).toBe('300 same-task 1');
    expect(estimateOf(specOf(200), learn(known(1), bound))).toBe('230 same-task 1');
  });

  test('goes by its group when it is another row, or when its strategy is a statistic', () => {
    expect(estimateOf(specOf(150), known(1))).toMatch(/ profile 4$/);
    expect(estimateOf(specOf(100, { profile: 'p95' }), known(1))).toMatch(/^8\d\d profile 4$/);
  });

  test('goes by its group while nobody may stop it and few reruns were seen', () => {
    const never = specOf(100, { preemptible: 0 });
    expect(estimateOf(never, known(1))).toMatch(/ profile 4$/);
    expect(estimateOf(never, known(4))).toBe('107 same-task 3');
  });

  test('yields to what the user says while it ran less than three times', () => {
    const told = { memory: { requestBytes: 300 * MiB, grow: { kind: 'none' } } } as const;
    expect(estimateOf(specOf(100, told), known(1))).toBe('300 request 1');
    expect(estimateOf(specOf(100, told), known(3))).toBe('108 same-task 3');
  });

  test('is expected to take as long as it took', () => {
    const loop = loopOf([specOf(100), specOf(800)], known(1));
    const { knowledge } = loop.control;
    const msOf = (id: string) => expectedWorkOf(loop.record(id), knowledge)?.durationMs;
    expect([msOf('row-100'), msOf('row-800')]).toEqual([10 * S, 80 * S]);
  });

  test('has its own course in a rehearsal', () => {
    const courseOf = pastCourses(
      SIZES.map((mib) => specOf(mib)),
      new Map([['work', known(2)]]),
      { bytes: MiB, durationMs: S },
    );
    expect(SIZES.map((mib) => courseOf(`row-${mib}`).durationMs)).toEqual(
      SIZES.map((mib) => 100 * mib),
    );
  });
});

test('of one group a small task starts where a large one has to wait', () => {
  const specs = [specOf(800), specOf(400), specOf(100), specOf(150)];
  const loop = loopOf(specs, known(1), GiB);
  const bytes = 1.2 * GiB;
  loop.tick({ host: { budgetBytes: bytes, ceilingBytes: bytes, availableBytes: bytes } });
  expect([...loop.state.live.keys()]).toEqual(['row-800', 'row-100']);
});
