import { Random } from '../../test/sim/random.js';
import { figuresOf, floorOf, type Figures, type Floor } from './figures.js';
import { play, type Setting } from './play.js';
import { POLICIES } from './policies.js';
import { syntheticWorkload } from './synthetic.js';
import { readCurves, readDags } from './traces.js';
import { fitting, shuffled, type Workload } from './workload.js';

/** One table: a workload on a machine. Plain data, so that it can be sent to a worker. */
export interface Contest {
  readonly workload: string;
  readonly memoryGb: number;
  readonly cpus: number;
  /** All at once, or when they came in the trace, drawn together so that the machine has work most of the time. */
  readonly arrivals: 'at once' | 'as recorded';
}

/** How all contests are played. Plain data. */
export interface Rules {
  /** Folder of traces; without it there is a made-up workload. */
  readonly traces?: string;
  readonly killLatencyMs: number;
  readonly startUpShare: number;
  readonly intervalMs: number;
}

/** One play of a contest: by whom, in which order. Plain data. */
export interface Play {
  readonly contest: Contest;
  readonly policy: string;
  readonly seed: number;
}

const GB = 1e9;
/** Work comes in over so much of the time that it takes at least. */
const ARRIVING_SHARE = 0.8;

/** A contest that can be played. */
export interface Stage {
  readonly workload: Workload;
  readonly setting: Setting;
  readonly floor: Floor;
  readonly left: number;
}

/** All workloads: those with curves, and those with dependencies. */
export function workloadsOf({ traces }: Rules): {
  readonly curves: readonly Workload[];
  readonly dags: readonly Workload[];
} {
  return traces === undefined
    ? { curves: [syntheticWorkload(1)], dags: [] }
    : { curves: readCurves(traces), dags: readDags(traces) };
}

/** Plays contests of some rules, reading each workload once. */
export class Arena {
  readonly #rules: Rules;
  readonly #workloads: ReadonlyMap<string, Workload>;
  readonly #stages = new Map<string, Stage>();

  constructor(rules: Rules) {
    this.#rules = rules;
    const { curves, dags } = workloadsOf(rules);
    this.#workloads = new Map([...curves, ...dags].map((workload) => [workload.name, workload]));
  }

  play({ contest, policy: name, seed }: Play): Figures {
    const { workload, setting, floor } = this.stageOf(contest);
    const policy = POLICIES.find((one) => one.name === name);
    if (policy === undefined) throw new RangeError(`there is no policy "${name}"`);
    const chance = new Random(seed);
    const order = shuffled(workload, () => chance.next());
    const startedMs = performance.now();
    const rehearsal = play(order, policy, setting);
    return figuresOf(rehearsal, floor, setting, (performance.now() - startedMs) / 1000);
  }

  stageOf(contest: Contest): Stage {
    const key = JSON.stringify(contest);
    let stage = this.#stages.get(key);
    if (stage === undefined) {
      stage = this.#build(contest);
      this.#stages.set(key, stage);
    }
    return stage;
  }

  #build({ workload: name, memoryGb, cpus, arrivals }: Contest): Stage {
    const recorded = this.#workloads.get(name);
    if (recorded === undefined) throw new RangeError(`there is no workload "${name}"`);
    const { killLatencyMs, startUpShare, intervalMs } = this.#rules;
    const setting: Setting = {
      memoryBytes: memoryGb * GB,
      cpus,
      killLatencyMs,
      intervalMs,
      ...(startUpShare > 0 ? { startUp: { kind: 'share', share: startUpShare } } : {}),
    };
    const fits = fitting(recorded, setting.memoryBytes);
    const left = recorded.jobs.length - fits.jobs.length;
    const atOnce = arriving(fits, 0);
    const floor = floorOf(atOnce, setting);
    if (arrivals === 'at once') return { workload: atOnce, setting, floor, left };
    const lastMs = Math.max(1, ...fits.jobs.map(({ arrivalMs }) => arrivalMs));
    const workload = arriving(fits, (ARRIVING_SHARE * floor.bestMs) / lastMs);
    return { workload, setting, floor: floorOf(workload, setting), left };
  }
}

function arriving(workload: Workload, pace: number): Workload {
  const jobs = workload.jobs.map((job) => ({ ...job, arrivalMs: pace * job.arrivalMs }));
  return { ...workload, jobs };
}
