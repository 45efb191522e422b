import { matrixVariable } from './names.js';
import { quote } from './printable.js';
import { scanScript } from './shell-scan.js';
import type { Reference, TemplateFault } from './template.js';

/** Shells whose quoting is known here. */
const KNOWN_SHELLS = ['bash', 'sh', 'dash', 'zsh', 'ksh'];

/** The shell that runs scripts when the jobfile names none: errors end the script, also inside of a pipe. */
export const DEFAULT_SHELL: readonly string[] = ['bash', '-euo', 'pipefail', '-c'];

/** The name of the POSIX-like shell that an argv runs a script with, or undefined when it is something else. */
export function shellName(shell: readonly string[]): string | undefined {
  const [first = '', second = ''] = shell.map((word) => word.slice(word.lastIndexOf('/') + 1));
  const name = first === 'env' ? second : first;
  return KNOWN_SHELLS.includes(name) ? name : undefined;
}

/** True when the shell's last word makes the next one a script: `-c`, `-ec`. */
export function takesScript(shell: readonly string[]): boolean {
  return /^-[A-Za-z]*c$/.test(shell.at(-1) ?? '');
}

/** A script in which every reference has become an expansion of an environment variable, and what could not. */
export interface Rewritten {
  readonly script: string;
  readonly faults: readonly TemplateFault[];
  readonly appends: boolean;
}

/**
 * Replaces each `${{ matrix.KEY }}` by an expansion of the variable that holds the value, quoted as its place needs, so
 * that the value is never read as shell syntax, never split into words and never taken for a pattern.
 */
export function rewriteScript(
  script: string,
  references: readonly Reference[],
  shell: readonly string[],
): Rewritten {
  const name = shellName(shell);
  if (name === undefined || !takesScript(shell)) {
    const faults = references.map(({ start, key }) => ({
      start,
      fault: {
        message: `\${{ matrix.${key} }} cannot stand in a script for ${quote(shell.join(' '))}`,
        mend: `read the value from the environment variable ${matrixVariable(key)}`,
      },
    }));
    return { script, faults, appends: false };
  }
  const { placements, appends } = scanScript(script, references);
  const faults: TemplateFault[] = [];
  let rewritten = '';
  let from = 0;
  for (const placement of placements) {
    const { start, end, key } = placement.reference;
    const variable = matrixVariable(key);
    rewritten += script.slice(from, start);
    from = end;
    if (placement.kind === 'refused')
      faults.push({ start, fault: refusal(key, variable, placement.reason) });
    else rewritten += placement.kind === 'bare' ? `"\${${variable}}"` : `\${${variable}}`;
  }
  return { script: rewritten + script.slice(from), faults, appends };
}

function refusal(
  key: string,
  variable: string,
  reason: string,
): { readonly message: string; readonly mend: string } {
  return {
    message: `\${{ matrix.${key} }} cannot be filled in safely here: ${reason}`,
    mend: `move it out into double quotes, or have the command read the environment variable ${variable}`,
  };
}
