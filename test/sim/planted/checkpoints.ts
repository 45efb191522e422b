import type { RunEvent } from '../../../src/core/events.js';
import type { CheckpointSpec } from '../../../src/core/task-spec.js';
import type { CheckpointFolders } from '../../../src/supervisor/ports.js';
import { present } from '../../../src/util/assert.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import {
  checkpointsAreAskedFor,
  idlersAreGivenUp,
  onlyTheUnsavedFail,
  savingIsBounded,
  workGoesOn,
} from '../checkers/checkpoints.js';
import { idleMachine } from '../machine-spec.js';
import { rampAndHold, type SaveHabit } from '../program.js';
import type { Recording } from '../recording.js';
import { simulate } from '../simulate.js';
import { plainConfig, plainTask } from '../specs.js';
import type { Spoil } from '../spoil.js';
import { workload } from '../workload.js';
import { isA, type Of, type Planted } from './doctor.js';

const ASK: CheckpointSpec = {
  ask: { by: { kind: 'signal', signal: 'SIGUSR1' }, timeoutMs: 2000 },
  exitCode: 85,
  stale: 'any',
};
const SAVES: SaveHabit = { answer: 'saves', takesMs: 200, code: 85 };

/** Tasks that outgrow the machine together, save their work when they are asked, and one that goes on and on. */
function savers(spoil?: Spoil): Recording {
  const grow = { memory: { grow: { kind: 'none' }, requestBytes: 100 * MiB } } as const;
  const tasks = [
    ...Array.from({ length: 8 }, (_, row) => ({
      spec: plainTask(`saver.${row}`, {
        ...grow,
        job: 'saver',
        profile: 'none',
        preemptible: row === 0 ? 0 : 2,
        checkpoint: ASK,
      }),
      program: { ...rampAndHold(700 * MiB, 30_000, 4000), saves: SAVES },
    })),
    {
      spec: plainTask('chunks', { checkpoint: ASK }),
      program: {
        ...rampAndHold(20 * MiB, 100, 4000),
        saves: { ...SAVES, yields: { afterMs: 1000, isSaved: true } },
      },
    },
    {
      spec: plainTask('idler', { checkpoint: ASK }),
      program: {
        ...rampAndHold(20 * MiB, 100, 4000),
        saves: { ...SAVES, yields: { afterMs: 1000, isSaved: false } },
      },
    },
  ];
  return simulate({
    seed: 1,
    machine: idleMachine(4 * GiB),
    workload: workload(plainConfig(), tasks),
    ...(spoil === undefined ? {} : { spoil }),
  });
}

/** An honest run of tasks that save their work. */
export const saved = savers();

function otherwise<K extends RunEvent['kind']>(
  kind: K,
  change: (event: Of<K>) => readonly RunEvent[],
): Recording {
  const is = isA(kind);
  return { ...saved, events: saved.events.flatMap((event) => (is(event) ? change(event) : event)) };
}

function withoutRemoval(inner: CheckpointFolders): CheckpointFolders {
  return {
    open: (task) => inner.open(task),
    look: (task) => inner.look(task),
    remove: () => undefined,
    close: () => inner.close(),
  };
}

/** Bugs about work that is saved. */
export const CHECKPOINTS: readonly Planted[] = [
  [
    'nobody is asked to save anything',
    checkpointsAreAskedFor,
    () => otherwise('checkpoint-asked', () => []),
  ],
  [
    'a task is asked to end while it saves its work',
    checkpointsAreAskedFor,
    () => {
      const { task, attempt, tMs } = present(saved.events.find(isA('checkpoint-asked')), 'one is');
      const early = { task, attempt, tMs: tMs + 50, signal: 'SIGTERM' } as const;
      return { ...saved, signals: [...saved.signals, early] };
    },
  ],
  [
    'a task is waited for without end',
    savingIsBounded,
    () => otherwise('checkpoint-made', (event) => [{ ...event, tMs: event.tMs + 60_000 }]),
  ],
  [
    'what was saved is thrown away between two attempts',
    workGoesOn,
    () =>
      savers((parts) => ({
        ...parts,
        checkpoints: {
          ...withoutRemoval(parts.checkpoints),
          open: (task) => {
            parts.checkpoints.remove(task);
            return parts.checkpoints.open(task);
          },
        },
      })),
  ],
  [
    'what a task had saved stays when it has succeeded',
    workGoesOn,
    () =>
      savers((parts) => ({
        ...parts,
        checkpoints: withoutRemoval(parts.checkpoints),
      })),
  ],
  [
    'one that saves nothing is taken to get on',
    idlersAreGivenUp,
    () =>
      otherwise('attempt-ended', (event) => [
        event.verdict.kind === 'checkpointed'
          ? { ...event, verdict: { ...event.verdict, idleTimes: 0 } }
          : event,
      ]),
  ],
  [
    'a preempted task fails that may begin anew',
    onlyTheUnsavedFail,
    () =>
      otherwise('attempt-ended', (event) => [
        event.verdict.kind === 'preempted'
          ? { ...event, verdict: { kind: 'checkpoint-missing', peakBytes: 1 } }
          : event,
      ]),
  ],
];
