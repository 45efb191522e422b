import { describe, expect, test } from 'vitest';
import { LookSaver, Stir } from '../../../src/adapters/host/look-saver.js';
import type { HostSample } from '../../../src/core/observation.js';
import { GiB, MiB } from '../../../src/util/bytes.js';

const MANY = 100;

/** A look that found such a budget, and so many of 100 processes. */
function host(budgetBytes: number, pids = 1): HostSample {
  return {
    budgetBytes,
    ceilingBytes: budgetBytes,
    capacityBytes: budgetBytes,
    outsideBytes: 0,
    availableBytes: budgetBytes,
    usedBytes: 0,
    swapFreeBytes: 0,
    reclaimScans: 0,
    brakeEvents: 0,
    pids: { current: pids, max: 100, refusals: 0 },
  };
}

/** A saver after its first look at everybody, at 0 ms and with 10 GiB free. */
function started(budgetBytes = 8 * GiB, attempts = MANY) {
  const saver = new LookSaver();
  const looks = (nowMs: number, freeBytes: number, pids = 1): boolean => {
    saver.startLook(nowMs, attempts, freeBytes);
    saver.noteHost(host(budgetBytes, pids));
    saver.noteTaken();
    return saver.isForAll;
  };
  expect(looks(0, 10 * GiB)).toBe(true);
  return looks;
}

describe('who is looked at', () => {
  test('everybody twice a second, and in between who moves', () => {
    const looks = started();
    const all = [100, 200, 300, 400, 500, 600, 900, 1000].filter((ms) => looks(ms, 10 * GiB));
    expect(all).toEqual([500, 1000]);
  });

  test('everybody where there are few', () => {
    const looks = started(8 * GiB, 20);
    expect(looks(100, 10 * GiB)).toBe(true);
  });

  test('everybody in the look in which somebody has taken memory, or given it back', () => {
    const looks = started();
    expect(looks(100, 10 * GiB - 15 * MiB)).toBe(false);
    expect(looks(200, 10 * GiB - 16 * MiB)).toBe(true);
    expect(looks(300, 10 * GiB - 8 * MiB)).toBe(false);
    expect(looks(400, 10 * GiB)).toBe(true);
  });

  test('with a small budget little is much', () => {
    const looks = started(64 * MiB);
    expect(looks(100, 10 * GiB - 0.9 * MiB)).toBe(false);
    expect(looks(200, 10 * GiB - MiB)).toBe(true);
  });

  test('everybody while the budget is not known', () => {
    const saver = new LookSaver();
    for (const ms of [0, 100]) {
      saver.startLook(ms, MANY, GiB);
      saver.noteTaken();
      expect(saver.isForAll).toBe(true);
    }
  });

  test('everybody in the next look, while nobody has taken the samples of the last one', () => {
    const saver = new LookSaver();
    saver.noteHost(host(GiB));
    saver.startLook(0, MANY, GiB);
    saver.startLook(10, MANY, GiB);
    expect(saver.isForAll).toBe(true);
    saver.noteTaken();
    saver.startLook(20, MANY, GiB);
    expect(saver.isForAll).toBe(false);
  });

  test('everybody while processes were scarce in the look before', () => {
    const looks = started();
    expect(looks(100, 10 * GiB, 90)).toBe(false);
    expect(looks(200, 10 * GiB, 89)).toBe(true);
    expect(looks(300, 10 * GiB, 89)).toBe(false);
  });
});

describe('who is quiet', () => {
  /** Found at 0 ms with 1 GiB. */
  function found(): Stir {
    const stir = new Stir();
    expect(stir.isQuiet(99_999)).toBe(false);
    stir.note(GiB, 0);
    return stir;
  }

  test('two seconds after it has moved last', () => {
    const stir = found();
    expect(stir.isQuiet(1999)).toBe(false);
    expect(stir.isQuiet(2000)).toBe(true);
    stir.note(GiB + 5 * MiB, 3000);
    expect(stir.isQuiet(4999)).toBe(false);
    stir.note(GiB, 4999);
    expect(stir.isQuiet(5000)).toBe(false);
  });

  test('what comes and goes in one that stands still is no movement, what adds up is', () => {
    const stir = found();
    for (let ms = 100; ms <= 2000; ms += 100) stir.note(GiB + (ms % 200) * 10_000, ms);
    expect(stir.isQuiet(2000)).toBe(true);
    for (let at = 1; at <= 5; at += 1) stir.note(GiB + at * MiB, 2000 + at * 100);
    expect(stir.isQuiet(2500)).toBe(false);
  });
});

describe('a look before its time', () => {
  function rested(pids = 1): LookSaver {
    const saver = new LookSaver();
    saver.startLook(0, MANY, 0);
    saver.noteHost(host(8 * GiB, pids));
    return saver;
  }

  test('is due when memory has come or gone, and not otherwise', () => {
    const saver = rested();
    const hasMoved = (availableBytes: number): boolean => saver.hasMoved({ availableBytes });
    expect(hasMoved(8 * GiB)).toBe(false);
    expect(hasMoved(8 * GiB - 15 * MiB)).toBe(false);
    expect(hasMoved(8 * GiB - 16 * MiB)).toBe(true);
    expect(hasMoved(8 * GiB + 16 * MiB)).toBe(true);
    expect(saver.hasMoved({ availableBytes: 8 * GiB }, 15 * MiB)).toBe(false);
    expect(saver.hasMoved({ availableBytes: 8 * GiB }, 16 * MiB)).toBe(true);
  });

  test('is due before the first, and while processes are scarce', () => {
    const still = { availableBytes: 8 * GiB };
    expect(new LookSaver().hasMoved(still)).toBe(true);
    expect(rested(95).hasMoved(still)).toBe(true);
  });

  test('is due when somebody has waited for memory since, though none has moved', () => {
    const saver = new LookSaver();
    const before = { someUs: 5_000_000, fullUs: 0 };
    saver.noteHost({ ...host(8 * GiB), psi: before });
    const hasMoved = (someUs: number): boolean =>
      saver.hasMoved({ availableBytes: 8 * GiB, psi: { someUs, fullUs: 0 } });
    expect(hasMoved(before.someUs)).toBe(false);
    expect(hasMoved(before.someUs + 9_999)).toBe(false);
    expect(hasMoved(before.someUs + 10_000)).toBe(true);
  });
});
