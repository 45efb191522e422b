import type { LaunchSpec } from '../supervisor/ports.js';
import { shellWord } from '../util/shell-word.js';

/** Values of a matrix, which a rewritten script reads. */
const MATRIX_VARIABLE = /^MATRIX_/;

/** A task's command as one line that a shell would take: words quoted where they must be. */
export function commandText({ command, env, text }: LaunchSpec): string {
  if (text !== undefined) return text;
  if (command.kind === 'argv') return command.argv.map(shellWord).join(' ');
  const variables = Object.entries(env)
    .filter(([name]) => MATRIX_VARIABLE.test(name))
    .map(([name, value]) => `${name}=${shellWord(value)}`);
  return [...variables, ...[...command.shell, command.script].map(shellWord)].join(' ');
}
