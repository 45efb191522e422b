import { fileSizes } from '../adapters/host/file-sizes.js';
import type { TaskId } from '../core/task-spec.js';
import type { RunPlan } from '../supervisor/run-plan.js';

/** How large a task's `stdin` and `inputs:` are now, bytes; undefined where one of them is not there yet. */
export function inputBytesOf({ launches }: RunPlan): (task: TaskId) => number | undefined {
  return (task) => {
    const { stdin, inputs = [] } = launches.get(task) ?? {};
    return fileSizes.sizeOf(stdin === undefined ? inputs : [stdin, ...inputs]);
  };
}
