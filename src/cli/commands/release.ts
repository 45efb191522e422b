import type { Command } from 'commander';
import { liveCommand } from '../live-command.js';

/** `memsched release`: go on with what was held. */
export function releaseCommand(): Command {
  return liveCommand({
    name: 'release',
    summary: 'go on with what was held',
    description: 'Releases a run that was held, or with TASK one task of it.',
    examples: [
      ['memsched release latest', 'go on'],
      ['memsched release latest align.a', 'this task may start as well'],
    ],
  });
}
