/** A corner of a curve: after so many seconds, so many MiB; straight lines between them. */
export type Corner = readonly [seconds: number, mib: number];

/** A task that uses memory unevenly. */
export interface UnevenTask {
  readonly name: string;
  readonly corners: readonly Corner[];
  /** What it declares to need, as people do who have never measured: too little for most. One in four says nothing. */
  readonly requestMib?: number;
}

type Shape = (mib: number, seconds: number) => readonly Corner[];

/** How batch tasks use memory: see the facts on recorded curves that the simulator's workloads follow, too. */
const SHAPES: Readonly<Record<string, Shape>> = {
  flat: (mib, s) => [
    [0.1 * s, mib],
    [s, mib],
  ],
  ramp: (mib, s) => [
    [0, 0.1 * mib],
    [0.9 * s, mib],
    [s, mib],
  ],
  late: (mib, s) => [
    [0, 0.15 * mib],
    [0.75 * s, 0.2 * mib],
    [0.85 * s, mib],
    [s, mib],
  ],
  spike: (mib, s) => [
    [0, 0.1 * mib],
    [0.2 * s, mib],
    [0.35 * s, mib],
    [0.4 * s, 0.2 * mib],
    [s, 0.2 * mib],
  ],
  steps: (mib, s) => [
    [0.05 * s, 0.4 * mib],
    [0.5 * s, 0.4 * mib],
    [0.55 * s, mib],
    [0.7 * s, mib],
    [0.75 * s, 0.3 * mib],
    [s, 0.3 * mib],
  ],
};

const REQUEST_MIB = 32;
const SIZES_MIB = [30, 45, 60, 80, 105, 135, 170, 210];

/**
 * Forty tasks of five shapes and eight sizes, each a job of its own: in a first run nothing is known of any of them.
 * Their order is mixed but always the same.
 */
export function unevenTasks(): UnevenTask[] {
  const tasks = Object.entries(SHAPES).flatMap(([shape, curve], row) =>
    SIZES_MIB.map((mib, column) => {
      const seconds = 8 + ((row * 3 + column * 5) % 7);
      return { name: `${shape}-${String(mib)}`, corners: curve(mib, seconds) };
    }),
  );
  // 17 and 40 have no common factor: every task comes up once.
  return tasks.map((_, at) => {
    const task = tasks[(at * 17) % tasks.length] ?? never();
    return at % 4 === 3 ? task : { ...task, requestMib: REQUEST_MIB };
  });
}

function never(): never {
  throw new RangeError('an index below the length is inside of the list');
}
