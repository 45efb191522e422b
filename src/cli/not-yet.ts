import { Option, type Command } from 'commander';
import { UsageError } from './errors.js';

/** Commands that are part of memsched's plan and not built yet: refused by name rather than "unknown". */
const COMMANDS = ['map', 'exec'];

/** The same for options of `run`. */
const RUN_OPTIONS = ['--joblog <file>', '--output <mode>', '--keep-order'];

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

/** Adds the options of `run` that are refused for now. */
export function addOptionsToCome(command: Command): void {
  for (const flags of RUN_OPTIONS) command.addOption(new Option(flags).hideHelp());
}

/** @throws UsageError when one of them was given. */
export function refuseOptionsToCome(options: Readonly<Record<string, unknown>>): void {
  for (const flags of RUN_OPTIONS) {
    const option = new Option(flags);
    if (options[option.attributeName()] !== undefined) {
      throw new UsageError(
        `${option.long ?? flags} comes with a later version of memsched; memsched run --help lists what is there`,
      );
    }
  }
}
