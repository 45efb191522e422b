import { Random } from '../../test/sim/random.js';
import { boundsOf, highestOf, type BoundJob } from '../packing/bounds.js';

/** A corner of a curve: after so many milliseconds so many MiB, joined by straight lines. */
export type Corner = readonly [ms: number, mib: number];

/** One task of a pile. */
export interface PileTask {
  /** Tasks that are alike to a user: the same command on another input. */
  readonly group: string;
  readonly curve: readonly Corner[];
}

/** Tasks to be got through on a machine of that size. */
export interface Pile {
  readonly name: string;
  readonly about: string;
  readonly guestMib: number;
  readonly tasks: readonly PileTask[];
}

/** Makes the curve of a task that reaches `peakMib` and takes `ms`. */
type Shape = (peakMib: number, ms: number) => readonly Corner[];

/** Even a program that wants all at once needs a moment to touch it. */
const RISE_MS = 400;
const START_MIB = 4;

const flat: Shape = (peakMib, ms) => [
  [0, START_MIB],
  [RISE_MS, peakMib],
  [ms, peakMib],
];
const ramp: Shape = (peakMib, ms) => [
  [0, START_MIB],
  [ms, peakMib],
];
const latePeak: Shape = (peakMib, ms) => [
  [0, START_MIB],
  [RISE_MS, 0.4 * peakMib],
  [0.8 * ms, 0.4 * peakMib],
  [0.8 * ms + RISE_MS, peakMib],
  [ms, peakMib],
];
const spike: Shape = (peakMib, ms) => [
  [0, START_MIB],
  [RISE_MS, 0.3 * peakMib],
  [0.5 * ms, 0.3 * peakMib],
  [0.5 * ms + RISE_MS, peakMib],
  [0.6 * ms + RISE_MS, peakMib],
  [0.6 * ms + RISE_MS + 1, 0.3 * peakMib],
  [ms, 0.3 * peakMib],
];

/** What a task of a group is like: peak in MiB, milliseconds, shape. */
type Draw = (chance: Random) => readonly [peakMib: number, ms: number, shape: Shape];

const about = (middle: number, chance: Random): number => middle * chance.between(0.85, 1.15);

const GROUPS = {
  flat: (chance) => [about(160, chance), about(3600, chance), flat],
  ramp: (chance) => [about(240, chance), about(4200, chance), ramp],
  'late-peak': (chance) => [about(260, chance), about(4800, chance), latePeak],
  spike: (chance) => [about(320, chance), about(4200, chance), spike],
  bimodal: (chance) =>
    chance.chance(0.25)
      ? [about(480, chance), about(4800, chance), flat]
      : [about(80, chance), about(2400, chance), flat],
  'heavy-tail': (chance) => [
    Math.min(80 * (1 - chance.next()) ** (-1 / 1.5), 800),
    about(4800, chance),
    ramp,
  ],
} satisfies Record<string, Draw>;

type GroupName = keyof typeof GROUPS;

/** Tasks of each group, in an order that mixes them; the same seed gives the same. */
function tasksOf(counts: Partial<Record<GroupName, number>>, seed: number): PileTask[] {
  const chance = new Random(seed);
  const tasks = Object.entries(counts).flatMap(([group, count]) => {
    const own = chance.fork(group);
    const draw: Draw = GROUPS[group as GroupName];
    return Array.from({ length: count }, (): PileTask => {
      const [peakMib, ms, shape] = draw(own);
      const curve = shape(peakMib, ms).map(
        ([at, mib]) => [Math.round(at), Math.round(mib)] as const,
      );
      return { group, curve };
    });
  });
  return tasks
    .map((task) => ({ task, place: chance.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ task }) => task);
}

function seedOf(draw: number, pile: number): number {
  return 10 * draw + pile;
}

/**
 * What is contended.
 *
 * @param draw - other tasks of the same kinds for each number.
 */
export function piles(isQuick: boolean, draw = 0): Pile[] {
  const all: Pile[] = [
    {
      name: 'six curves',
      about: 'seven each of flat, ramp, late peak, spike, two sizes and heavy tail',
      guestMib: 2048,
      tasks: tasksOf(
        { flat: 7, ramp: 7, 'late-peak': 7, spike: 7, bimodal: 7, 'heavy-tail': 7 },
        seedOf(draw, 1),
      ),
    },
    {
      name: 'late peaks',
      about: 'of one kind, at 40 % of their peak for most of their time',
      guestMib: 2048,
      tasks: tasksOf({ 'late-peak': 40 }, seedOf(draw, 2)),
    },
    {
      name: 'heavy tail',
      about: 'many small tasks, few large ones, of two kinds',
      guestMib: 3072,
      tasks: tasksOf({ 'heavy-tail': 40, bimodal: 26 }, seedOf(draw, 3)),
    },
  ];
  if (!isQuick) return all;
  return [
    {
      ...all[0]!,
      name: 'six curves, short',
      about: 'two each of flat, ramp, late peak, spike, two sizes and heavy tail',
      tasks: tasksOf(
        { flat: 2, ramp: 2, 'late-peak': 2, spike: 2, bimodal: 2, 'heavy-tail': 2 },
        seedOf(draw, 1),
      ),
    },
  ];
}

/** Many tasks of six kinds: for the simulator, as an emulated guest starts no more than two or three in a second. */
export function longPile(draw: number): Pile {
  return {
    name: 'two hundred',
    about: 'of six kinds',
    guestMib: 3072,
    tasks: tasksOf(
      { flat: 33, ramp: 33, 'late-peak': 33, spike: 33, bimodal: 34, 'heavy-tail': 34 },
      seedOf(draw, 4),
    ),
  };
}

/** The most that a task ever uses, MiB. */
export function peakMibOf({ curve }: PileTask): number {
  return Math.max(...curve.map(([, mib]) => mib));
}

/** How long a task takes when nobody disturbs it, milliseconds. */
export function lengthMsOf({ curve }: PileTask): number {
  return curve.at(-1)?.[0] ?? 0;
}

const STEP_MS = 100;

/** A curve in short steps, each as large as in its middle. */
function boundJobOf({ curve }: PileTask): BoundJob {
  const steps = curve.slice(1).flatMap(([toMs, toMib], at) => {
    const [fromMs, fromMib] = curve[at]!;
    const count = Math.max(1, Math.round((toMs - fromMs) / STEP_MS));
    return Array.from({ length: count }, (_, step) => ({
      bytes: 2 ** 20 * (fromMib + ((step + 0.5) / count) * (toMib - fromMib)),
      ms: (toMs - fromMs) / count,
    }));
  });
  return { steps, cpus: 0, arrivalMs: 0, needs: [] };
}

/**
 * The time that no schedule of a pile can beat in so much memory, milliseconds (bench/packing/bounds.ts). Processors do
 * not count, as the tasks sleep; nor does start-up.
 */
export function boundMsOf({ tasks }: Pile, memoryBytes: number): number {
  return highestOf(boundsOf(tasks.map(boundJobOf), { memoryBytes, cpus: Infinity }));
}

/** The plan as replay.c reads it, a line a task. */
export function planText({ tasks }: Pile): string {
  return tasks
    .map(({ group, curve }) => `${group} ${curve.map((corner) => corner.join(':')).join(',')}\n`)
    .join('');
}
