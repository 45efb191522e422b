import type { AttemptAdmitted, RunEvent, RunStarted } from '../../src/core/events.js';
import type { Outcome, Verdict } from '../../src/core/outcome.js';
import type { TaskSpec } from '../../src/core/task-spec.js';
import { recorded } from './journals.js';

/** A task of a made-up run: one attempt, and how it ended; without an end it still runs. */
export interface MadeTask {
  readonly id: string;
  readonly job?: string;
  readonly group?: string;
  readonly end?: { readonly verdict: Verdict; readonly outcome: Outcome };
  readonly peakBytes?: number;
}

const FAILED = { verdict: { kind: 'exit', code: 3 }, outcome: 'failed' } as const;
const SUCCEEDED = { verdict: { kind: 'exit', code: 0 }, outcome: 'succeeded' } as const;

/** A task that fails with exit code 3. */
export function failing(id: string, job = id): MadeTask {
  return { id, job, end: FAILED };
}

/** A task that succeeds. */
export function succeeding(id: string, job = id): MadeTask {
  return { id, job, end: SUCCEEDED };
}

/** Events of a run of such tasks, one after the other, each a second long; its start is that of a recorded run. */
export function madeRun(tasks: readonly MadeTask[], name = 'made'): RunEvent[] {
  const model = recorded('many-ends');
  const started = present(model.find((event) => event.kind === 'run-started'));
  const planned = present(model.find((event) => event.kind === 'task-planned'));
  const admitted = present(model.find((event) => event.kind === 'attempt-admitted'));
  const head: RunStarted = {
    ...started,
    tasks: tasks.length,
    config: { ...started.config, name },
  };
  const hasLive = tasks.some(({ end }) => end === undefined);
  return [
    head,
    ...tasks.map((task): RunEvent => ({
      kind: 'task-planned',
      tMs: 0,
      spec: specOf(task, planned.spec),
    })),
    ...tasks.flatMap((task, at) => story(task, at * 1000, admitted)),
    ...(hasLive ? [] : [endOf(tasks)]),
  ];
}

/** The same run resumed after its end, in which such a task has now succeeded, with its second attempt. */
export function triedAgain(events: readonly RunEvent[], task: string): RunEvent[] {
  const tMs = (events.at(-1)?.tMs ?? 0) + 1000;
  const ref = { task, attempt: 2 };
  const admitted = present(events.find((event) => event.kind === 'attempt-admitted'));
  const { bootId, pid, memsched, tier } = present(
    events.find((event) => event.kind === 'run-started'),
  );
  const verdict = { kind: 'exit', code: 0 } as const;
  return [
    ...events,
    { kind: 'run-resumed', tMs, after: 'end', bootId, pid, memsched, tier, adopted: [], lost: [] },
    { ...admitted, ...ref, tMs },
    { kind: 'attempt-launched', tMs, ...ref, pid: 100 },
    { kind: 'attempt-ended', tMs, ...ref, verdict, peakBytes: 1, cpuMs: 500, ranMs: 1000 },
    { kind: 'task-finished', tMs, task, outcome: 'succeeded' },
  ];
}

function specOf({ id, job = id, group = job }: MadeTask, model: TaskSpec): TaskSpec {
  return { ...model, id, job, group, needs: [], matrix: {} };
}

function story(task: MadeTask, tMs: number, { reason }: AttemptAdmitted): RunEvent[] {
  const ref = { task: task.id, attempt: 1 };
  const peakBytes = task.peakBytes ?? 1024 * 1024;
  const begin: RunEvent[] = [
    { kind: 'attempt-admitted', tMs, ...ref, reason },
    { kind: 'attempt-launched', tMs, ...ref, pid: 100 },
  ];
  if (task.end === undefined) return begin;
  const { verdict, outcome } = task.end;
  return [
    ...begin,
    { kind: 'attempt-ended', tMs: tMs + 1000, ...ref, verdict, peakBytes, cpuMs: 500, ranMs: 1000 },
    { kind: 'task-finished', tMs: tMs + 1000, task: task.id, outcome },
  ];
}

function endOf(tasks: readonly MadeTask[]): RunEvent {
  const outcomes: Partial<Record<Outcome, number>> = {};
  for (const { end } of tasks)
    if (end !== undefined) outcomes[end.outcome] = (outcomes[end.outcome] ?? 0) + 1;
  const tMs = tasks.length * 1000;
  return { kind: 'run-ended', tMs, outcomes, preemptions: 0, oomKills: 0 };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the recorded journal has no such event');
  return value;
}
