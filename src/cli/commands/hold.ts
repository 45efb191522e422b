import type { Command } from 'commander';
import { liveCommand } from '../live-command.js';

/** `memsched hold`: start nothing more of a live run, or not this task. */
export function holdCommand(): Command {
  return liveCommand({
    name: 'hold',
    summary: 'start nothing more of a live run, or not this task',
    description:
      'Holds a live run: what runs goes on, and nothing is started until it is released. With TASK only that task is held back.',
    examples: [
      ['memsched hold latest', 'start nothing more for now'],
      ['memsched hold latest align.a', 'everything but this task'],
    ],
  });
}
