import { isMoreToCome } from './run-state.js';
import type { TaskSpec } from './task-spec.js';
import { emit, type Tick } from './tick.js';

/** Plans tasks that came while the run goes on. One that is being stopped has no use for them. */
export function takeArrivals(tick: Tick, tasks: readonly TaskSpec[]): void {
  if (!isMoreToCome(tick.state)) return;
  for (const spec of tasks) emit(tick, { kind: 'task-planned', spec });
}

/** Notes that no more tasks will come. */
export function takeEndOfSource(tick: Tick, problem: string | undefined): void {
  if (tick.state.source.kind !== 'open') return;
  emit(tick, { kind: 'source-ended', ...(problem === undefined ? {} : { problem }) });
}
