import type { Command } from 'commander';
import { UsageError } from './errors.js';

/** Commands that are part of memsched's plan and not built yet: refused by name rather than "unknown". */
const COMMANDS = ['resume'];

/** Adds the commands that are refused for now. */
export function addCommandsToCome(program: Command): void {
  for (const name of COMMANDS) {
    program
      .command(name, { hidden: true })
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw new UsageError(
          `"${name}" comes with a later version of memsched; memsched --help lists what is there`,
        );
      });
  }
}
