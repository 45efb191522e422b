import { Random } from '../../test/sim/random.js';
import { curve, curveFor } from './shapes.js';
import type { PackingJob, Workload } from './workload.js';

const GB = 1e9;
const MINUTE_MS = 60_000;

/** What one task of a kind does. */
interface Draw {
  readonly peakBytes: number;
  readonly durationMs: number;
  readonly shape: readonly number[];
}

interface Kind {
  readonly tasks: number;
  readonly draw: (chance: Random) => Draw;
}

const flat = curve(() => 1);
/** bwa's kind: half of the peak until the last tenth of a long run. */
const late = curve((at) => (at > 0.92 ? 1 : 0.47));
const early = curve((at) => (at < 0.15 ? 1 : 0.55));
const leak = curve((at) => at);
const teeth = curve((at) => (Math.round(at * 16) % 4 === 0 ? 1 : 0.35));

/** Kinds of groups that recorded workloads are made of, and some that are made to mislead (prediction.md section 5D). */
const KINDS: Readonly<Record<string, Kind>> = {
  'late peak': { tasks: 60, draw: (chance) => task(chance, [9, 11], [30, 300], late) },
  'early peak': { tasks: 60, draw: (chance) => task(chance, [6, 14], [3, 40], early) },
  leak: { tasks: 40, draw: (chance) => task(chance, [2, 8], [10, 60], leak) },
  teeth: { tasks: 60, draw: (chance) => task(chance, [1, 3], [5, 20], teeth) },
  'two sizes': {
    tasks: 60,
    draw: (chance) =>
      chance.chance(0.2)
        ? task(chance, [8, 9], [20, 60], late)
        : task(chance, [2, 2.4], [5, 15], flat),
  },
  'heavy tail': {
    tasks: 80,
    draw: (chance) => {
      const gb = Math.min(0.3 * (1 - chance.next()) ** (-1 / 1.5), 25);
      return task(chance, [gb, gb], [2, 30], leak);
    },
  },
  small: { tasks: 300, draw: (chance) => task(chance, [0.02, 0.4], [0.1, 6], flat) },
};

/** Groups of which only a few tasks ever run: nobody knows them in time. */
const STRANGERS = 30;

/** A made-up workload for those who have no recorded one; the same seed gives the same. */
export function syntheticWorkload(seed: number): Workload {
  const chance = new Random(seed);
  const jobs = Object.entries(KINDS).flatMap(([group, { tasks, draw }]) => {
    const own = chance.fork(group);
    return Array.from({ length: tasks }, () => jobOf(own, group, draw(own)));
  });
  for (let at = 0; at < STRANGERS; at += 1) {
    const group = `stranger ${at}`;
    const own = chance.fork(group);
    const gb = own.logBetween(0.1, 12);
    jobs.push(jobOf(own, group, task(own, [gb, gb], [2, 60], curveFor(group))));
  }
  return {
    name: `synthetic-${seed}`,
    jobs,
    about: 'made-up groups: late and early peaks, leaks, teeth, two sizes, heavy tails, strangers',
  };
}

type Range = readonly [low: number, high: number];

/** @param gb - peak. @param minutes - duration. Long ones are as likely as short ones, by order of magnitude. */
function task(chance: Random, gb: Range, minutes: Range, shape: readonly number[]): Draw {
  return {
    peakBytes: chance.between(...gb) * GB,
    durationMs: chance.logBetween(...minutes) * MINUTE_MS,
    shape,
  };
}

function jobOf(chance: Random, group: string, { peakBytes, durationMs, shape }: Draw): PackingJob {
  return {
    group,
    course: {
      curve: shape.map((share) => share * peakBytes * chance.between(0.97, 1)),
      durationMs,
      cpus: chance.pick([0.5, 1, 1, 2, 4]),
    },
    // Users ask for the next power of two, and some more.
    requestBytes: 2 ** Math.ceil(Math.log2((1.3 * peakBytes) / GB)) * GB,
    arrivalMs: 0,
    needs: [],
  };
}
