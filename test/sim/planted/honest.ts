import { MiB, GiB } from '../../../src/util/bytes.js';
import { idleMachine } from '../machine-spec.js';
import { NO_MISHAPS, rampAndHold } from '../program.js';
import type { Recording, Setup } from '../recording.js';
import { simulate } from '../simulate.js';
import { plainConfig, plainTask } from '../specs.js';
import type { Spoil } from '../spoil.js';
import { workload } from '../workload.js';

/** A run with something of everything: needs, preemption, failures, a limit that grows, resources, a timeout. */
function setup(): Setup {
  const config = plainConfig({
    resources: { gpu: 1 },
    groups: { net: 1 },
    maxParallel: 8,
    // Lines that do not move: whoever looks at it later knows where they were.
    isAsTold: true,
  });
  const tight = { memory: { grow: { kind: 'none' }, requestBytes: 100 * MiB } } as const;
  const tasks = [
    ...Array.from({ length: 8 }, (_, row) => ({
      spec: plainTask(`big.${row}`, {
        ...tight,
        job: 'big',
        profile: 'none',
        preemptible: row === 0 ? 0 : 2,
      }),
      program: rampAndHold(700 * MiB, 3000, 4000),
    })),
    { spec: plainTask('last', { needs: ['big'] }), program: rampAndHold(50 * MiB, 100, 500) },
    {
      spec: plainTask('flaky', {
        resources: { gpu: 1 },
        concurrency: 'net',
        cpus: 4,
        retries: { max: 1, on: [], delayMs: 100, backoff: 1 },
      }),
      program: { ...rampAndHold(50 * MiB, 100, 500), failing: { attempts: 1, code: 1 } },
    },
    {
      spec: plainTask('slow', { resources: { gpu: 1 }, timeoutMs: 1000 }),
      program: rampAndHold(50 * MiB, 100, 5000),
    },
    {
      spec: plainTask('grower', {
        memory: { limitBytes: 100 * MiB, grow: { kind: 'list', bytes: [300 * MiB] } },
      }),
      program: rampAndHold(200 * MiB, 1000, 500),
    },
  ];
  return { seed: 1, machine: idleMachine(4 * GiB), workload: workload(config, tasks) };
}

/** The whole of it; with a bug between the supervisor and the world if there is one. */
export function honest(spoil?: Spoil): Recording {
  return simulate({ ...setup(), ...(spoil === undefined ? {} : { spoil }) });
}

/** Three that grow side by side and may be frozen, and one that is free to start while two of them are. */
export function frosted(spoil?: Spoil): Recording {
  const spec = {
    job: 'grow',
    memory: { grow: { kind: 'none' }, requestBytes: 100 * MiB },
    profile: 'none',
    preemptible: 1,
    maySuspend: true,
  } as const;
  const tasks = [
    ...Array.from({ length: 3 }, (_, row) => ({
      spec: plainTask(`grow.${row}`, spec),
      program: rampAndHold(1300 * MiB, 20_000, 3000),
    })),
    { spec: plainTask('early', { cpus: 0 }), program: rampAndHold(20 * MiB, 100, 18_000) },
    {
      spec: plainTask('after', { needs: ['early'], cpus: 0 }),
      program: rampAndHold(50 * MiB, 100, 500),
    },
  ];
  return simulate({
    seed: 1,
    machine: idleMachine(4 * GiB),
    workload: workload(plainConfig(), tasks),
    ...(spoil === undefined ? {} : { spoil }),
  });
}

/** Half of it: then the supervisor dies while it writes a line. */
export function died(): Recording {
  return simulate({ ...setup(), death: { at: 'event', after: 120, tornShare: 0.5 } });
}

/** A run that is told to stop while its only task is on its way. */
export function stoppedOnTheWay(): Recording {
  const task = { spec: plainTask('late'), program: rampAndHold(50 * MiB, 100, 60_000) };
  return simulate({
    seed: 1,
    machine: idleMachine(4 * GiB),
    workload: { ...workload(plainConfig(), [task]), stopsAtMs: [500] },
    mishapsOf: () => ({
      ...NO_MISHAPS,
      spawn: { kind: 'ok', latencyMs: 1500, toldAfterMs: 100 },
    }),
  });
}
