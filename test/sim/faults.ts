import type { TaskId } from '../../src/core/task-spec.js';
import { MiB } from '../../src/util/bytes.js';
import { NO_MISHAPS, type Mishaps } from './program.js';
import type { Random } from './random.js';

/** How unkind one run is: probabilities, each of a mishap to one attempt, and of trouble around the supervisor. */
export interface FaultPlan {
  readonly noEnclosure: number;
  readonly spawnFailsAtOnce: number;
  readonly spawnFailsLate: number;
  readonly slowSpawn: number;
  /** A start that is told late. */
  readonly slowNews: number;
  readonly emptiesLate: number;
  readonly exitsLate: number;
  readonly busy: number;
  readonly stuck: number;
  readonly killedFromOutside: number;
  readonly vanishes: number;
  readonly leavesBehind: number;
  readonly unseen: number;
  readonly lostNoticeShare: number;
  readonly doubledNoticeShare: number;
  /** Share of ticks that come late. */
  readonly lateTickShare: number;
  readonly lateTickMaxMs: number;
  /** Times at which the launcher forgets everyone it has started. */
  readonly launcherDeathsMs: readonly number[];
  /** Times at which the whole machine stands still, and for how long. */
  readonly pauses: readonly Span[];
  /** Times at which nothing can be started: EAGAIN, EMFILE. */
  readonly outages: readonly Span[];
  /** The wall clock is set: that must not matter to anyone. */
  readonly wallJumps: readonly { readonly atMs: number; readonly byMs: number }[];
}

/** A stretch of time. */
interface Span {
  readonly atMs: number;
  readonly forMs: number;
}

/** Nothing goes wrong. */
export const NO_FAULTS: FaultPlan = {
  noEnclosure: 0,
  spawnFailsAtOnce: 0,
  spawnFailsLate: 0,
  slowSpawn: 0,
  slowNews: 0,
  emptiesLate: 0,
  exitsLate: 0,
  busy: 0,
  stuck: 0,
  killedFromOutside: 0,
  vanishes: 0,
  leavesBehind: 0,
  unseen: 0,
  lostNoticeShare: 0,
  doubledNoticeShare: 0,
  lateTickShare: 0,
  lateTickMaxMs: 0,
  launcherDeathsMs: [],
  pauses: [],
  outages: [],
  wallJumps: [],
};

/** One in four runs is free of faults; in the others each kind is there or not. */
export function drawFaults(chance: Random): FaultPlan {
  if (chance.chance(0.25)) return NO_FAULTS;
  const maybe = (probability: number): number => (chance.chance(0.4) ? probability : 0);
  const spans = (probability: number, low: number, high: number): Span[] =>
    chance.chance(probability)
      ? [{ atMs: chance.int(100, 20_000), forMs: chance.int(low, high) }]
      : [];
  return {
    noEnclosure: maybe(0.02),
    spawnFailsAtOnce: maybe(0.03),
    spawnFailsLate: maybe(0.03),
    slowSpawn: chance.pick([0, 0.2, 0.9]),
    emptiesLate: maybe(0.2),
    exitsLate: maybe(0.2),
    busy: maybe(0.2),
    stuck: maybe(0.1),
    killedFromOutside: maybe(0.05),
    vanishes: maybe(0.03),
    leavesBehind: maybe(0.1),
    unseen: maybe(0.1),
    lostNoticeShare: maybe(0.5),
    doubledNoticeShare: maybe(0.5),
    lateTickShare: maybe(0.05),
    lateTickMaxMs: chance.int(200, 2000),
    pauses: spans(0.3, 1000, 60_000),
    outages: spans(0.15, 50, 1500),
    wallJumps: chance.chance(0.3)
      ? [{ atMs: chance.int(100, 20_000), byMs: chance.int(-1e8, 1e8) }]
      : [],
    slowNews: maybe(0.2),
    launcherDeathsMs: chance.chance(0.15) ? [chance.int(10, 20_000), chance.int(10, 60_000)] : [],
  };
}

/** What happens to this attempt; the same seed, task and number always draw the same. */
export function drawMishaps(
  plan: FaultPlan,
  chance: Random,
  task: TaskId,
  attempt: number,
  durationMs: number,
): Mishaps {
  if (plan === NO_FAULTS) return NO_MISHAPS;
  const own = chance.fork(`${task}/${attempt}`);
  const maybe = <T, N>(probability: number, draw: () => T, otherwise: N): T | N =>
    own.chance(probability) ? draw() : otherwise;
  const vanishesAtMs = maybe(plan.vanishes, () => own.between(0, durationMs), undefined);
  return {
    spawn: drawSpawn(plan, own),
    emptiesLateMs: maybe(plan.emptiesLate, () => own.int(1, 400), 0),
    exitsLateMs: maybe(plan.exitsLate, () => own.int(1, 800), 0),
    busyMs: maybe(plan.busy, () => own.int(1, 3000), 0),
    stuckMs: maybe(plan.stuck, () => own.int(500, 18_000), 0),
    killedFromOutsideAtMs: maybe(
      plan.killedFromOutside,
      () => own.between(0, durationMs),
      undefined,
    ),
    vanishesAtMs,
    leavesBehind: maybe(
      // What stays of one that nobody can see any more could not be found by anyone.
      vanishesAtMs === undefined ? plan.leavesBehind : 0,
      () => ({ bytes: own.int(1, 200) * MiB, forMs: own.pick([20, 40, Infinity]) }),
      undefined,
    ),
    unseenShare: maybe(plan.unseen, () => own.between(0, 0.9), 0),
  };
}

function drawSpawn(plan: FaultPlan, own: Random): Mishaps['spawn'] {
  if (own.chance(plan.noEnclosure)) return { kind: 'no-enclosure' };
  if (own.chance(plan.spawnFailsAtOnce)) return { kind: 'fails-at-once' };
  if (own.chance(plan.spawnFailsLate)) return { kind: 'fails-late', afterMs: own.int(1, 200) };
  const latencyMs = own.chance(plan.slowSpawn) ? own.int(50, 1500) : own.int(2, 20);
  const news = own.fork('news');
  return {
    kind: 'ok',
    latencyMs,
    toldAfterMs: news.chance(plan.slowNews) ? news.int(1, 400) : 0,
  };
}
