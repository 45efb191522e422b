import { describe, expect, test } from 'vitest';
import { GiB, MiB } from '../../src/util/bytes.js';
import { idleMachine } from './machine-spec.js';
import { rampAndHold, type Program } from './program.js';
import { simulate } from './simulate.js';
import { plainConfig, plainTask } from './specs.js';
import { workload } from './workload.js';

const INTERVAL_MS = 100;
const SETTLED_MS = 40_000;
const TURN_MS = 51_000;
const END_MS = 60_000;

/** Times of the looks that a run took in which the tasks did this and nothing waited. */
function looksOf(programs: readonly Program[], timeoutMs?: number): readonly number[] {
  const tasks = programs.map((program, at) => ({
    spec: plainTask(`task-${at}`, { cpus: 0, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
    program,
  }));
  const { looks, end } = simulate({
    seed: 1,
    machine: idleMachine(16 * GiB),
    workload: workload(plainConfig({ intervalMs: INTERVAL_MS }), tasks),
  });
  expect(end.kind).toBe('ended');
  return looks.map(({ tMs }) => tMs);
}

function between(looks: readonly number[], fromMs: number, untilMs: number): readonly number[] {
  return looks.filter((tMs) => tMs >= fromMs && tMs < untilMs);
}

const still = rampAndHold(100 * MiB, 200, END_MS);

describe('while all that runs stands still', () => {
  test('a look every two seconds is taken', () => {
    const looks = between(looksOf([still, still]), SETTLED_MS, SETTLED_MS + 10_000);
    expect(looks.length).toBeGreaterThanOrEqual(4);
    expect(looks.length).toBeLessThanOrEqual(6);
  });

  test('who begins to grow is seen within the interval, and closely from then on', () => {
    const late: Program = {
      ...still,
      curve: [
        { atMs: 0, bytes: 100 * MiB },
        { atMs: TURN_MS, bytes: 100 * MiB },
        { atMs: TURN_MS + 1000, bytes: 2 * GiB },
        { atMs: END_MS, bytes: 2 * GiB },
      ],
    };
    const looks = looksOf([still, late]);
    expect(between(looks, SETTLED_MS, TURN_MS).length).toBeLessThan(7);
    const rising = between(looks, TURN_MS + 50, TURN_MS + 1000);
    const gaps = rising.slice(1).map((tMs, at) => tMs - (rising[at] ?? 0));
    expect(Math.max(rising[0]! - TURN_MS - 50, ...gaps)).toBeLessThanOrEqual(INTERVAL_MS + 50);
  });

  test('a timeout is kept as closely as ever', () => {
    const timeoutMs = SETTLED_MS + 1234;
    const looks = looksOf([still], timeoutMs);
    const [first] = looks.filter((tMs) => tMs >= timeoutMs);
    expect(first! - timeoutMs).toBeLessThanOrEqual(INTERVAL_MS);
  });
});
