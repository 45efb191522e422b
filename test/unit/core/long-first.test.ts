import { describe, expect, test } from 'vitest';
import type { TaskSpec } from '../../../src/core/task-spec.js';
import { GiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { doings, Loop } from './loop.js';

/** Tasks of a group take as long as its name says, in seconds, and all of them use a GiB. */
function lasting(id: string, seconds: number, change: Partial<TaskSpec> = {}): TaskSpec {
  return plainTask(id, { group: `${seconds}s`, preemptible: 1, cpus: 0, ...change });
}

const first = lasting('first', 10, { priority: 9 });

/** A run that has seen two tasks of each group, one after another, and runs the first of the others by now. */
function knowing(groups: readonly number[], tasks: readonly TaskSpec[]): Loop {
  const seen = groups.flatMap((seconds) =>
    [1, 2].map((at) => lasting(`${seconds}-${at}`, seconds)),
  );
  const inTurn = seen.map((spec, at) => ({ ...spec, priority: 99 - at }));
  const loop = new Loop([...inTurn, ...tasks], { maxParallel: 1 });
  loop.tick();
  for (const { id, group } of seen) {
    loop.launchAll({ use: { [id]: GiB } });
    loop.tick({ afterMs: Number.parseInt(group, 10) * 1000, use: { [id]: GiB } });
    loop.end(id, undefined, { peakBytes: GiB });
  }
  return loop;
}

/** Lets what runs end until nothing is queued. @returns the order of all starts after `first`. */
function order(loop: Loop): string[] {
  while (loop.state.ended === undefined) {
    loop.tick({ afterMs: 1100 });
    loop.launchAll();
    for (const id of [...loop.state.live.keys()]) loop.end(id, undefined, { peakBytes: GiB });
  }
  const starts = loop.events.flatMap((event) =>
    event.kind === 'attempt-admitted' ? event.task : [],
  );
  return starts.slice(starts.indexOf('first') + 1);
}

describe('near the end', () => {
  test('what takes long goes first, the longest before all', () => {
    const tasks = [lasting('a', 10), lasting('b', 200), lasting('c', 10), lasting('d', 900)];
    expect(order(knowing([10, 200, 900], [first, ...tasks]))).toEqual(['d', 'b', 'a', 'c']);
  });

  test('but not before a higher priority', () => {
    const tasks = [lasting('a', 10, { priority: 5 }), lasting('b', 900), lasting('c', 10)];
    expect(order(knowing([10, 900], [first, ...tasks]))).toEqual(['a', 'b', 'c']);
  });

  test('tasks of like lengths keep their order', () => {
    const tasks = ['a', 'b', 'c', 'd'].map((id) => lasting(id, 100));
    expect(order(knowing([100], [first, ...tasks]))).toEqual(['a', 'b', 'c', 'd']);
  });

  test('tasks of which nothing is known keep theirs', () => {
    const tasks = ['a', 'b', 'c'].map((id) => lasting(id, 50, { group: id }));
    expect(order(knowing([10], [first, ...tasks]))).toEqual(['a', 'b', 'c']);
  });
});

test('far from the end the order is that of the jobfile', () => {
  const many = Array.from({ length: 300 }, (_, at) => lasting(`s${at}`, 100));
  const loop = knowing([100, 900], [first, ...many, lasting('long', 900)]);
  loop.launchAll({ afterMs: 20_000 });
  expect(doings(loop.end('first', undefined, { peakBytes: GiB }))).toEqual(['launch s0']);
});
