import type { Command } from 'commander';

/**
 * Gives a command, and all below it, what makes for good help: `help [COMMAND…]` where there are commands to tell of,
 * errors that say where there is more, exceptions instead of exits.
 *
 * @param path - as the user types it.
 */
export function addHelp(command: Command, path = command.name()): void {
  command
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError(`(${path} --help says more)`);
  const visible = command.createHelp().visibleCommands(command);
  for (const below of command.commands) {
    if (visible.includes(below)) addHelp(below, `${path} ${below.name()}`);
    else below.exitOverride();
  }
  if (command.commands.length > 0) addHelpCommand(command);
}

/** As commander's own, which knows one level only and takes an unknown command for none. */
function addHelpCommand(command: Command): void {
  command.helpCommand(false);
  const help = command.createCommand('help');
  help
    .summary('help of a command')
    .description('Prints the help of a command, or of all.')
    .argument('[command...]', 'which one')
    .helpOption(false)
    .copyInheritedSettings(command)
    .action(async (names: string[]) => {
      let at = command;
      for (const name of names) {
        const next = at.commands.find((one) => one.name() === name);
        if (next === undefined) return unknown(at, name);
        at = next;
      }
      at.help();
    });
  command.addCommand(help);
}

async function unknown(command: Command, name: string): Promise<never> {
  const { suggest } = await import('../adapters/jobfile/suggest.js');
  const known = command.createHelp().visibleCommands(command);
  const { suggestion } = suggest(
    name,
    known.map((one) => one.name()),
  );
  const hint = suggestion === undefined ? '' : `\n(Did you mean ${suggestion}?)`;
  return command.error(`error: unknown command '${name}'${hint}`);
}
