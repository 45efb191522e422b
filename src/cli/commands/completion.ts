import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion/scripts.js';
import { examplesText } from '../examples.js';
import { print } from '../print.js';

const EXAMPLES = [
  ['source <(memsched completion bash)', 'in ~/.bashrc'],
  ['source <(memsched completion zsh)', 'in ~/.zshrc, after compinit'],
  ['memsched completion fish > ~/.config/fish/completions/memsched.fish', 'once'],
] as const;

/** `memsched completion`: prints what makes a shell complete command lines of memsched. */
export function completionCommand(): Command {
  return new Command('completion')
    .summary('print the completion script of a shell')
    .description(
      'Prints a script for a shell. With it, the shell completes commands, options and their values, the jobs of the jobfile that was named, runs, tasks, and groups of profiles.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (shell: Shell) => {
      await print(completionScript(shell).trimEnd());
    });
}
