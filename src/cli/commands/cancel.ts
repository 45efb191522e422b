import type { Command } from 'commander';
import { liveCommand } from '../live-command.js';

/** `memsched cancel`: end a live run, or one task of it. */
export function cancelCommand(): Command {
  return liveCommand({
    name: 'cancel',
    summary: 'end a live run, or one task of it',
    description:
      'Cancels a live run in order: running tasks are asked to end and killed after their grace, queued ones are not started. With TASK it is only that task; tasks that need it are skipped. Given again, it kills at once.',
    examples: [
      ['memsched cancel latest', 'end the run, as SIGTERM would'],
      ['memsched cancel latest align.a', 'only this task'],
    ],
  });
}
