import { describe, expect, test } from 'vitest';
import { estimateFor } from '../../../src/core/estimate.js';
import { expectedWorkOf } from '../../../src/core/expected-work.js';
import { learn } from '../../../src/core/learning/learn.js';
import { emptyProfile, type GroupProfile } from '../../../src/core/learning/profile.js';
import { CURVE_BINS } from '../../../src/core/learning/types.js';
import { pastCourses } from '../../../src/core/rehearsal/past-courses.js';
import { outlookOfNext } from '../../../src/core/outlook.js';
import { unknownShareOf } from '../../../src/core/unknowns.js';
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
    expect(estimateOf(specOf(800), known(3))).toBe('872 same-task 3');
  });

  test('goes by its group once it was stopped above all of its own runs, whatever others have needed since', () => {
    const bound = stopped(50, 300, { task: taskKeyOf(specOf(100)) });
    const other = completed(60, 800, { task: taskKeyOf(specOf(800)) });
    const since = learn(learn(known(4), bound), other);
    expect(estimateOf(specOf(100), since)).toMatch(/ profile 17$/);
    expect(estimateOf(specOf(200), since)).toMatch(/ same-task 3$/);
    const again = completed(70, 310, { task: taskKeyOf(specOf(100)) });
    expect(estimateOf(specOf(100), learn(since, again))).toMatch(/ same-task 3$/);
  });

  test('goes by its group after it was stopped above its own runs in this run', () => {
    const loop = loopOf([specOf(100)], known(1));
    const record = loop.record('row-100');
    const { knowledge } = loop.control;
    const peakOf = (): number => {
      const outlook = outlookOfNext(record, estimateFor(record, knowledge, BASIS), knowledge);
      return outlook.kind === 'course' ? Math.max(...outlook.course.maxBytes) / MiB : 0;
    };
    expect(peakOf()).toBe(100);
    record.past.push({
      number: 1,
      admittedAtMs: 0,
      endedAtMs: 1,
      ranMs: 1,
      peakBytes: 300 * MiB,
      cpuMs: 0,
      verdict: { kind: 'canceled', by: 'signal' },
      estimate: { bytes: 115 * MiB, source: 'same-task', samples: 1 },
    });
    expect(peakOf()).toBe(800);
  });

  test('surprises once it goes beyond what it goes by', () => {
    const loop = loopOf([specOf(100)], known(3));
    loop.tick();
    loop.launchAll({ use: { 'row-100': 100 * MiB } });
    expect(unknownShareOf(loop.state, loop.control, loop.nowMs)).toBe(0);
    loop.tick({ use: { 'row-100': 150 * MiB } });
    expect(unknownShareOf(loop.state, loop.control, loop.nowMs)).toBe(1);
  });

  test('goes by its group when it is another row, or when its strategy is a statistic', () => {
    expect(estimateOf(specOf(150), known(1))).toMatch(/ profile 4$/);
    expect(estimateOf(specOf(100, { profile: 'p95' }), known(1))).toMatch(/^8\d\d profile 4$/);
  });

  test('goes by its group while nobody may stop it and few reruns were seen', () => {
    const never = specOf(100, { preemptible: 0 });
    expect(estimateOf(never, known(1))).toMatch(/ profile 4$/);
    expect(estimateOf(never, known(4))).toBe('109 same-task 3');
  });

  test('does not outweigh what the user says while it ran less than three times', () => {
    const told = { memory: { requestBytes: 300 * MiB, grow: { kind: 'none' } } } as const;
    expect(estimateOf(specOf(100, told), known(1))).toMatch(/^8\d\d profile 4$/);
    expect(estimateOf(specOf(100, told), known(3))).toBe('109 same-task 3');
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

test('three that outgrow their own past do not make the group forget the others', () => {
  let profile = known(3);
  for (const [at, mib] of [100, 200, 400].entries()) {
    const task = taskKeyOf(specOf(mib));
    profile = learn(profile, completed(900 + at, 1.2 * mib, { task }));
  }
  expect(profile.runs).toHaveLength(15);
  expect(estimateOf(specOf(800), profile)).toMatch(/ same-task 3$/);
});

test('of one group a small task starts where a large one has to wait', () => {
  const specs = [specOf(800), specOf(400), specOf(100), specOf(150)];
  const loop = loopOf(specs, known(1), GiB);
  const bytes = 1.2 * GiB;
  loop.tick({ host: { budgetBytes: bytes, ceilingBytes: bytes, availableBytes: bytes } });
  expect([...loop.state.live.keys()]).toEqual(['row-800', 'row-100']);
});
