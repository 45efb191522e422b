import type { RunConfig, TaskId, TaskSpec } from '../core/task-spec.js';
import type { LaunchSpec } from './ports.js';

/** A jobfile, validated, expanded and with every size in bytes: what a run needs to know before it starts. */
export interface RunPlan {
  readonly config: RunConfig;
  /** In the order of the jobfile; `index` is the position here. */
  readonly tasks: readonly TaskSpec[];
  /** What tasks are like that come while the run goes on; absent where none do. */
  readonly template?: TaskSpec;
  readonly launches: ReadonlyMap<TaskId, LaunchSpec>;
  /** What looks unsafe but is not wrong, one sentence each. */
  readonly warnings: readonly string[];
}
