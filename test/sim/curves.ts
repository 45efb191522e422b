import type { Random } from './random.js';

/** A point of a memory curve: after so much progress, so much memory. Points are joined by straight lines. */
export interface CurvePoint {
  readonly atMs: number;
  readonly bytes: number;
}

/**
 * What a curve holds after so much progress, bytes.
 *
 * @param from - a point at or before `progressMs`, to search from.
 */
export function bytesAt(curve: readonly CurvePoint[], progressMs: number, from = 0): number {
  let before = curve[from];
  if (before === undefined) return 0;
  for (let at = from + 1; ; at += 1) {
    const point = curve[at];
    if (point === undefined) return before.bytes;
    if (point.atMs > progressMs) {
      const share = (progressMs - before.atMs) / (point.atMs - before.atMs);
      return Math.round(before.bytes + share * (point.bytes - before.bytes));
    }
    before = point;
  }
}

/** What memory looks like over a run; shares of duration and of the peak. */
type Shape = readonly (readonly [at: number, share: number])[];

/** Kinds of curves that real programs show. */
export const SHAPES = [
  'ramp-and-hold',
  'flat',
  'ramp',
  'late-peak',
  'spike',
  'teeth',
  'stairs',
  'leak',
  'hump',
] as const;

/** One of {@link SHAPES}. */
export type ShapeName = (typeof SHAPES)[number];

/** A curve of the named shape, its details as chance has it. */
export function drawCurve(
  chance: Random,
  shape: ShapeName,
  peakBytes: number,
  durationMs: number,
): readonly CurvePoint[] {
  return shapeOf(chance, shape).map(([at, share]) => ({
    atMs: at * durationMs,
    bytes: Math.round(share * peakBytes),
  }));
}

function shapeOf(chance: Random, shape: ShapeName): Shape {
  const points = DRAWN[shape](chance);
  return points[0]?.[0] === 0 ? points : [[0, 0], ...points];
}

const DRAWN: Readonly<Record<ShapeName, (chance: Random) => Shape>> = {
  'ramp-and-hold': (chance) => [
    [chance.between(0.01, 0.6), 1],
    [1, 1],
  ],
  flat: () => [
    [0.001, 1],
    [1, 1],
  ],
  ramp: () => [[1, 1]],
  'late-peak': (chance) => {
    const at = chance.between(0.5, 0.97);
    return [
      [0.05, 0.2],
      [at, 0.2],
      [at + 0.02, 1],
      [1, 1],
    ];
  },
  spike: (chance) => {
    const at = chance.between(0.1, 0.9);
    const low = chance.between(0.05, 0.4);
    return [
      [0.05, low],
      [at, low],
      [at + 0.01, 1],
      [at + 0.02, 1],
      [at + 0.03, low],
      [1, low],
    ];
  },
  teeth: (chance) => teeth(chance.int(2, 6)),
  stairs: (chance) => stairs(chance.int(2, 5)),
  // Slow at first: what is known of it by then says little of its end.
  leak: (chance) => [
    [0.3, chance.between(0.1, 0.2)],
    [0.7, chance.between(0.3, 0.6)],
    [1, 1],
  ],
  hump: (chance) => {
    const end = chance.between(0.2, 0.6);
    return [
      [chance.between(0.05, 0.15), 1],
      [end, 1],
      [end + 0.05, 0.1],
      [1, 0.1],
    ];
  },
};

/** Up and down again, `count` times. */
function teeth(count: number): Shape {
  const points: (readonly [number, number])[] = [];
  for (let tooth = 0; tooth < count; tooth += 1) {
    points.push([(tooth + 0.7) / count, 1 - 0.1 * (tooth % 2)], [(tooth + 0.9) / count, 0.1]);
  }
  return [...points, [1, 0.1]];
}

/** Higher and higher, with rests. */
function stairs(count: number): Shape {
  const points: (readonly [number, number])[] = [];
  for (let step = 0; step < count; step += 1) {
    const share = (step + 1) / count;
    points.push([(step + 0.2) / count, share], [(step + 1) / count, share]);
  }
  return points;
}
