import { linesFor, type Lines } from '../../../src/core/lines.js';
import type { PressureLevel } from '../../../src/core/reasons.js';
import type { Checker } from './checker.js';
import { tellByTicks } from './story.js';

/** Use at the preempt line for so long is no spike any more. */
const SUSTAIN_MS = 300;
/** Use has to be low for so long before others are let in. */
const SETTLE_MS = 500;
/** A look may be used again for so long. */
const FRESH_MS = 10;

const RANK: Readonly<Record<PressureLevel, number>> = { open: 0, hold: 1, preempt: 2, critical: 3 };

/** The level of alarm is never lower than use makes it, and falls to the ground only when use has been low for a while. */
export const alarmsAreRaised: Checker = {
  name: 'the level of alarm is as high as use makes it, and calm comes after a calm time',
  check: (recording) => {
    const { config } = recording.setup.workload.plan;
    const wrong: string[] = [];
    let highSinceMs: number | undefined;
    let calmSinceMs: number | undefined;
    let before: PressureLevel = 'open';
    tellByTicks(
      recording,
      () => undefined,
      ({ tMs, exactMs, usedBytes, budgetBytes }, { level }) => {
        // Where they are highest: everyone who runs is of a known kind. Lines that were told stay where they are.
        const lines = linesFor(config, budgetBytes, 0);
        highSinceMs = usedBytes >= lines.preemptBytes ? (highSinceMs ?? exactMs) : undefined;
        calmSinceMs = usedBytes <= lines.resumeBytes ? (calmSinceMs ?? exactMs) : undefined;
        const isSustained = highSinceMs !== undefined && exactMs - highSinceMs >= SUSTAIN_MS;
        const least = leastLevel(usedBytes, lines, isSustained);
        const share = Math.round((1000 * usedBytes) / budgetBytes) / 10;
        if (RANK[level] < RANK[least])
          wrong.push(`${share} % of the budget are used at ${tMs} ms, and the level is ${level}`);
        const calmMs = exactMs - (calmSinceMs ?? Infinity);
        if (level === 'open' && before !== 'open' && calmMs < SETTLE_MS - FRESH_MS)
          wrong.push(`all is calm at ${tMs} ms, and use was so for ${calmMs} ms only`);
        before = level;
      },
    );
    return wrong;
  },
};

function leastLevel(usedBytes: number, lines: Lines, isSustained: boolean): PressureLevel {
  if (usedBytes >= lines.criticalBytes) return 'critical';
  if (isSustained) return 'preempt';
  return usedBytes >= lines.holdBytes ? 'hold' : 'open';
}
