import { reasonsToWait } from './admission.js';
import { initialControl, type Control } from './control.js';
import { decide } from './decide.js';
import { estimateFor, type EstimateBasis } from './estimate.js';
import { evolve } from './evolve.js';
import { NO_PRIORS, type Priors } from './knowledge.js';
import type { HostSample } from './observation.js';
import { forecastNow } from './outlook.js';
import { everyoneInOrder, startsBefore } from './queue.js';
import type { Estimate, WaitReason } from './reasons.js';
import { emptyRunState, type RunState, type TaskRecord } from './run-state.js';
import type { RunConfig, TaskId, TaskSpec } from './task-spec.js';
import { unknownShareOf } from './unknowns.js';

/** When the second look is: late enough for the head of the queue to have said why it waits. */
const LOOK_MS = 1000;

/** One task as a run would see it at its start. */
export interface PreviewedTask {
  readonly spec: TaskSpec;
  readonly estimate: Estimate;
  readonly start: PreviewedStart;
}

/** Whether a task would start in the first tick, and if not, why not. */
export type PreviewedStart =
  | { readonly kind: 'at-once' }
  | { readonly kind: 'waits'; readonly reason: WaitReason }
  | { readonly kind: 'queued' }
  | { readonly kind: 'needs'; readonly jobs: readonly string[] };

/** What a preview knows beyond the tasks themselves. */
export interface Foreknowledge {
  readonly priors?: Priors;
  /** Size of a task's input files now; undefined where they are not there yet. */
  readonly inputBytesOf?: (task: TaskId) => number | undefined;
}

/**
 * The first tick of a run, by the same `decide` as the real one: nothing is started.
 *
 * @param tasks - in the order of the jobfile.
 * @returns the tasks in the order in which they would start.
 */
export function preview(
  config: RunConfig,
  tasks: readonly TaskSpec[],
  host: HostSample,
  { priors = NO_PRIORS, inputBytesOf = () => undefined }: Foreknowledge = {},
): PreviewedTask[] {
  const state = emptyRunState();
  for (const spec of tasks) evolve(state, { kind: 'task-planned', tMs: 0, spec });
  for (const task of [...state.unmeasured.keys()]) {
    const bytes = inputBytesOf(task);
    evolve(state, {
      kind: 'inputs-measured',
      tMs: 0,
      task,
      ...(bytes === undefined ? {} : { bytes }),
    });
  }
  const control = initialControl(config, priors);
  const basis = {
    budgetBytes: host.budgetBytes,
    liveGroupPeaks: new Map<string, number>(),
    settledGroupPeaks: new Map<string, number>(),
  };
  const estimates = new Map(
    [...state.tasks.values()].map((record) => [
      record,
      estimateFor(record, control.knowledge, basis),
    ]),
  );
  decide(state, control, { nowMs: 0, host, attempts: [], facts: [] });
  decide(state, control, { nowMs: LOOK_MS, host, attempts: [], facts: [] });
  const waits = waitsOf(state, control, host, basis);
  const depths = depthsOf(state);
  const order = [...estimates].sort(
    ([a], [b]) =>
      (depths.get(a.spec.job) ?? 0) - (depths.get(b.spec.job) ?? 0) || startsBefore(a, b),
  );
  return order.map(([record, estimate]) => ({
    spec: record.spec,
    estimate,
    start: startOf(record, waits),
  }));
}

/** Why those wait that are behind the head of the queue: of it alone it is written down. */
function waitsOf(
  state: RunState,
  control: Control,
  host: HostSample,
  basis: EstimateBasis,
): ReadonlyMap<TaskRecord, WaitReason> {
  const forecast = forecastNow(state, control, LOOK_MS);
  const { budgetBytes, usedBytes, availableBytes } = host;
  return reasonsToWait(everyoneInOrder(state.queue), state, {
    nowMs: LOOK_MS,
    control,
    basis,
    numbers: { budgetBytes, usedBytes, availableBytes, growthBytesPerS: 0 },
    forecast: () => forecast,
    unknownShare: unknownShareOf(state, control, LOOK_MS),
  });
}

function startOf(record: TaskRecord, waits: ReadonlyMap<TaskRecord, WaitReason>): PreviewedStart {
  if (record.phase.kind !== 'queued') return { kind: 'at-once' };
  if (record.spec.needs.length > 0) return { kind: 'needs', jobs: record.spec.needs };
  const reason = record.waits ?? waits.get(record);
  return reason === undefined ? { kind: 'queued' } : { kind: 'waits', reason };
}

/** Length of the longest chain of needs before each job. */
function depthsOf(state: RunState): Map<string, number> {
  const depths = new Map<string, number>();
  const depth = (job: string): number => {
    const known = depths.get(job);
    if (known !== undefined) return known;
    const needs = state.jobs.get(job)?.needs ?? [];
    const own = needs.length === 0 ? 0 : 1 + Math.max(...needs.map(depth));
    depths.set(job, own);
    return own;
  };
  for (const job of state.jobs.keys()) depth(job);
  return depths;
}
