import type { TaskId } from '../../src/core/task-spec.js';
import { MiB } from '../../src/util/bytes.js';
import type { Mishaps } from './program.js';
import type { Random } from './random.js';

/** How unkind one run is: probabilities, each of a mishap to one attempt, and of trouble around the supervisor. */
export interface FaultPlan {
  readonly spawnFailsAtOnce: number;
  readonly spawnFailsLate: number;
  readonly slowSpawn: number;
  /** A start that is told late. */
  readonly slowNews: number;
  readonly emptiesLate: number;
  readonly stuck: number;
  readonly killedFromOutside: number;
  readonly leavesBehind: number;
  readonly unseen: number;
  readonly lostNoticeShare: number;
  /** Share of ticks that come late. */
  readonly lateTickShare: number;
  readonly lateTickMaxMs: number;
  /** Times at which the launcher forgets everyone it has started. */
  readonly launcherDeathsMs: readonly number[];
  /** Times at which the whole machine stands still, and for how long. */
  readonly pauses: readonly { readonly atMs: number; readonly forMs: number }[];
}

/** Nothing goes wrong. */
export const NO_FAULTS: FaultPlan = {
  spawnFailsAtOnce: 0,
  spawnFailsLate: 0,
  slowSpawn: 0,
  slowNews: 0,
  emptiesLate: 0,
  stuck: 0,
  killedFromOutside: 0,
  leavesBehind: 0,
  unseen: 0,
  lostNoticeShare: 0,
  lateTickShare: 0,
  lateTickMaxMs: 0,
  launcherDeathsMs: [],
  pauses: [],
};

/** One in four runs is free of faults; in the others each kind is there or not. */
export function drawFaults(chance: Random): FaultPlan {
  if (chance.chance(0.25)) return NO_FAULTS;
  const maybe = (probability: number): number => (chance.chance(0.5) ? probability : 0);
  return {
    spawnFailsAtOnce: maybe(0.03),
    spawnFailsLate: maybe(0.03),
    slowSpawn: chance.pick([0, 0.2, 0.9]),
    emptiesLate: maybe(0.2),
    stuck: maybe(0.05),
    killedFromOutside: maybe(0.05),
    leavesBehind: maybe(0.1),
    unseen: maybe(0.1),
    lostNoticeShare: maybe(0.5),
    lateTickShare: maybe(0.05),
    lateTickMaxMs: chance.int(200, 2000),
    pauses: chance.chance(0.3)
      ? [{ atMs: chance.int(500, 20_000), forMs: chance.int(1000, 60_000) }]
      : [],
    slowNews: maybe(0.2),
    launcherDeathsMs: chance.chance(0.3) ? [chance.int(10, 20_000), chance.int(10, 60_000)] : [],
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
  const own = chance.fork(`${task}/${attempt}`);
  return {
    spawn: drawSpawn(plan, own),
    emptiesLateMs: own.chance(plan.emptiesLate) ? own.int(1, 400) : 0,
    stuckMs: own.chance(plan.stuck) ? own.int(500, 15_000) : 0,
    killedFromOutsideAtMs: own.chance(plan.killedFromOutside)
      ? own.between(0, durationMs)
      : undefined,
    leavesBehind: own.chance(plan.leavesBehind)
      ? {
          bytes: own.int(1, 200) * MiB,
          forMs: own.pick([20, 40, Infinity]),
        }
      : undefined,
    unseenShare: own.chance(plan.unseen) ? own.between(0, 0.9) : 0,
  };
}

function drawSpawn(plan: FaultPlan, own: Random): Mishaps['spawn'] {
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
