import { CURVE_BINS } from '../../src/core/learning/types.js';
import { Random } from '../../test/sim/random.js';
import type { Job, TraceSet } from './job.js';

const GB = 1e9;
const HOUR_MS = 3_600_000;
const EPOCH_MS = Date.UTC(2024, 0, 1);

/** What one made-up task will do. */
interface Task {
  readonly peakBytes: number;
  readonly durationMs: number;
  readonly inputBytes: number;
  /** Use as a share of the peak, after this share of the duration; 1 somewhere. */
  readonly shape: (elapsed: number) => number;
}

/** A kind of group: makes its tasks, `place` running from 0 to 1 over the group. */
type Kind = (random: Random) => (place: number) => Task;

const flat = (): number => 1;
const ramp = (elapsed: number): number => 0.1 + 0.9 * elapsed;
const late = (elapsed: number): number => (elapsed < 0.9 ? 0.3 : 1);
const early = (elapsed: number): number => (elapsed < 0.15 ? 1 : 0.6);

/** Kinds of groups that recorded workloads are made of, and some that are made to mislead. */
const KINDS: Readonly<Record<string, Kind>> = {
  steady: (random) => {
    const base = random.logBetween(0.2, 20) * GB;
    return () => task(random, base * random.between(0.99, 1.01), flat);
  },
  'by input': (random) => {
    const factor = random.between(1, 4);
    return () => {
      const inputBytes = random.logBetween(0.3, 5) * GB;
      const durationMs = (HOUR_MS * inputBytes) / (2 * GB);
      const peakBytes = 0.3 * GB + factor * inputBytes * random.between(0.97, 1.03);
      return { peakBytes, durationMs, inputBytes, shape: ramp };
    };
  },
  'long need more': (random) => {
    const base = random.logBetween(2, 15) * GB;
    return () => {
      const durationMs = random.logBetween(0.2, 6) * HOUR_MS;
      const share = 0.5 + 0.5 * Math.min(1, durationMs / (2 * HOUR_MS));
      return { ...task(random, base * share * random.between(0.99, 1.01), early), durationMs };
    };
  },
  'two sizes': (random) => {
    const base = random.logBetween(0.5, 6) * GB;
    return () =>
      task(random, base * (random.chance(0.2) ? 3 : 1) * random.between(0.95, 1.05), late);
  },
  spread: (random) => {
    const base = random.logBetween(0.2, 4) * GB;
    return () => task(random, base * random.between(0.7, 1.3), early);
  },
  'heavy tail': (random) => {
    const base = random.logBetween(0.1, 0.5) * GB;
    return () => task(random, Math.min(base * (1 - random.next()) ** (-1 / 1.5), 30 * GB), ramp);
  },
  'three times as much': (random) => {
    const base = random.logBetween(0.3, 4) * GB;
    return (place) => task(random, base * (place < 0.5 ? 1 : 3) * random.between(0.98, 1.02), flat);
  },
};

function task(random: Random, peakBytes: number, shape: (elapsed: number) => number): Task {
  return {
    peakBytes,
    durationMs: random.logBetween(0.05, 1) * HOUR_MS,
    inputBytes: random.logBetween(0.01, 10) * GB,
    shape,
  };
}

/** Made-up groups of every kind, each run by so many slots; the same seed gives the same. */
export function syntheticSet(seed: number): TraceSet {
  const random = new Random(seed);
  const jobs = Object.entries(KINDS).flatMap(([kind, make]) =>
    [1, 6, 30].flatMap((slots) => {
      const name = `${kind}, ${slots} at a time`;
      return groupJobs(name, slots, make(random.fork(name)), random.fork(`${name}, arrivals`));
    }),
  );
  return { name: `synthetic, seed ${seed}`, jobs, leftOut: 0, hasInputs: true };
}

/** Each task begins as soon as one of the slots is free. */
function groupJobs(
  group: string,
  slots: number,
  make: (place: number) => Task,
  random: Random,
): Job[] {
  const count = random.int(80, 250);
  const tasks = Array.from({ length: count }, (_, at) => make(at / count));
  const largest = Math.max(...tasks.map(({ peakBytes }) => peakBytes));
  const requestBytes = largest * random.between(1.2, 3);
  const freeAtMs = Array.from({ length: slots }, () => EPOCH_MS);
  return tasks.map((made) => {
    const startedAtMs = Math.min(...freeAtMs);
    const endedAtMs = startedAtMs + made.durationMs;
    freeAtMs[freeAtMs.indexOf(startedAtMs)] = endedAtMs;
    return jobOf(group, requestBytes, startedAtMs, made);
  });
}

function jobOf(group: string, requestBytes: number, startedAtMs: number, made: Task): Job {
  const { peakBytes, durationMs, inputBytes, shape } = made;
  // Where a shape ends, it is highest or lowest: the middles of bins would miss its peak.
  const shares = Array.from({ length: CURVE_BINS }, (_, bin) =>
    Math.max(shape(bin / CURVE_BINS), shape((bin + 1) / CURVE_BINS)),
  );
  const curve = shares.map((share) => share * peakBytes);
  return {
    group,
    requestBytes,
    submittedAtMs: startedAtMs,
    startedAtMs,
    run: {
      kind: 'completed',
      peakBytes,
      durationMs,
      cpuMs: durationMs,
      endedAtMs: startedAtMs + durationMs,
      tier: 'cgroup',
      inputBytes,
      curve,
    },
    courseBytes: curve,
  };
}
