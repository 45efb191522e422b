import { describe, expect, test } from 'vitest';
import { EASY_BRAKE, nextBrake, type BrakeMemory, type Crew } from '../../../src/core/brake.js';
import type { Lines } from '../../../src/core/lines.js';
import { GiB } from '../../../src/util/bytes.js';

const LINES: Lines = {
  resumeBytes: 7 * GiB,
  holdBytes: 8 * GiB,
  targetBytes: 8.5 * GiB,
  preemptBytes: 9 * GiB,
  criticalBytes: 9.5 * GiB,
  brakeBytes: 9.75 * GiB,
  budgetBytes: 10 * GiB,
};
const SLACK = 0.02 * LINES.budgetBytes;
const LEVEL_0: Crew = { stopping: 0, progressing: 3, preemptible: 0 };

interface Given {
  readonly before?: BrakeMemory;
  readonly usedGib?: number;
  readonly crew?: Crew;
  readonly nowMs?: number;
  readonly hasEnded?: boolean;
  readonly lineGib?: number;
}

function brake({
  before = EASY_BRAKE,
  usedGib = 5,
  crew = LEVEL_0,
  nowMs = 0,
  hasEnded = false,
  lineGib = LINES.brakeBytes / GiB,
}: Given) {
  const lines = { ...LINES, brakeBytes: lineGib * GiB };
  return nextBrake(before, { nowMs, lines, usedBytes: usedGib * GiB, crew, hasEnded });
}

describe('the brake', () => {
  test('lies on its line as long as use is below', () => {
    expect(brake({}).highBytes).toBe(LINES.brakeBytes);
    expect(brake({ usedGib: 9.7 }).highBytes).toBe(LINES.brakeBytes);
  });

  test.each<[string, Crew]>([
    ['someone is being stopped', { stopping: 1, progressing: 5, preemptible: 5 }],
    ['only one is left running', { stopping: 0, progressing: 1, preemptible: 0 }],
  ])('is lifted while %s', (_, crew) => {
    expect(brake({ usedGib: 9.9, crew }).highBytes).toBe('max');
  });

  test('is never drawn below use when others take memory away, and does not follow growth', () => {
    const first = brake({ usedGib: 12 });
    expect(first.highBytes).toBe(Math.ceil(12 * GiB + SLACK));
    const grown = brake({ before: first.memory, usedGib: 12.1 });
    expect(grown.highBytes).toBe(first.highBytes);
    const shrunk = brake({ before: grown.memory, usedGib: 11 });
    expect(shrunk.highBytes).toBe(Math.ceil(11 * GiB + SLACK));
    expect(brake({ before: shrunk.memory, usedGib: 9 }).highBytes).toBe(LINES.brakeBytes);
  });

  test('is drawn anew, above use, when it comes back after it was lifted', () => {
    const first = brake({ usedGib: 10.5 });
    const lifted = brake({ before: first.memory, crew: { ...LEVEL_0, stopping: 1 } });
    expect(lifted.highBytes).toBe('max');
    const back = brake({ before: lifted.memory, usedGib: 11 });
    expect(back.highBytes).toBe(Math.ceil(11 * GiB + SLACK));
  });

  test('is drawn anew, above use, when the line comes down a second time', () => {
    const first = brake({ usedGib: 12 });
    const down = brake({ before: first.memory, usedGib: 9 });
    expect(down.highBytes).toBe(LINES.brakeBytes);
    const again = brake({ before: down.memory, usedGib: 9.7, lineGib: 9.1 });
    expect(again.highBytes).toBe(Math.ceil(9.7 * GiB + SLACK));
  });

  test('gives way after five seconds in which nobody finished and nobody could be preempted', () => {
    const held = brake({ usedGib: 9.75, nowMs: 4000 });
    expect(held.highBytes).toBe(LINES.brakeBytes);
    const freed = brake({ before: held.memory, usedGib: 9.75, nowMs: 5000 });
    expect(freed.highBytes).toBe(Math.ceil(9.75 * GiB + SLACK));
    const again = brake({ before: freed.memory, usedGib: 9.75, nowMs: 5100 });
    expect(again.highBytes).toBe(freed.highBytes);
  });

  test('waits on when someone has just finished, or may be preempted', () => {
    expect(brake({ usedGib: 9.75, nowMs: 5000, hasEnded: true }).highBytes).toBe(LINES.brakeBytes);
    const crew: Crew = { ...LEVEL_0, preemptible: 1 };
    expect(brake({ usedGib: 9.75, nowMs: 60_000, crew }).highBytes).toBe(LINES.brakeBytes);
  });
});
