import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { MEMSCHED } from './cli.js';
import { until } from './poll.js';
import { tempDir } from './temp-dir.js';

const DEADLINE_MS = 30_000;

/** How each shell is started without the user's own settings, and told to complete. */
const SHELLS = {
  bash: {
    command: 'bash --noprofile --norc -i',
    setUp: ["PS1='READY> '", 'source <(memsched completion bash)'],
  },
  zsh: {
    command: 'zsh -f -i',
    setUp: [
      "PS1='READY> '",
      'autoload -U compinit && compinit -u -D',
      'source <(memsched completion zsh)',
    ],
  },
  fish: {
    command: 'fish --private -i',
    setUp: [
      "function fish_prompt; printf 'READY> '; end; function fish_greeting; end",
      'memsched completion fish | source',
    ],
  },
} as const;

/** A shell that there is a completion for. */
export type ShellName = keyof typeof SHELLS;

/** Where the shell is. */
export interface ShellPlace {
  readonly cwd: string;
  readonly stateHome: string;
}

/**
 * Types keys into an interactive shell on a terminal, presses return, and tells what arguments memsched was then called
 * with. `\t` in the keys completes.
 */
export async function typeInto(
  shell: ShellName,
  keys: string,
  { cwd, stateHome }: ShellPlace,
): Promise<readonly string[]> {
  const folder = tempDir();
  const calledWith = join(folder, 'called-with');
  const { command, setUp } = SHELLS[shell];
  // Where it is missing, fish makes it in the background, and goes on when the shell is gone.
  mkdirSync(join(folder, '.local/share/fish/generated_completions'), { recursive: true });
  const child = execa('script', ['-qfec', command, '/dev/null'], {
    cwd,
    env: {
      PATH: `${wrapperIn(folder, calledWith)}:${process.env['PATH'] ?? ''}`,
      XDG_STATE_HOME: stateHome,
      HOME: folder,
      TERM: 'dumb',
    },
    reject: false,
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString()));
  const type = (text: string): void => void child.stdin.write(text);
  const ready = join(folder, 'ready');
  try {
    for (const line of setUp) type(`${line}\r`);
    type(`true > ${ready}\r`);
    await until('the shell to be set up', () => existsSync(ready), DEADLINE_MS);
    type(`${keys}\r`);
    await until('memsched to be called', () => existsSync(calledWith), DEADLINE_MS);
    type('exit\r');
    await child;
    return readFileSync(calledWith, 'utf8').split('\0').slice(0, -1);
  } catch (error) {
    throw new Error(`${shell}: ${JSON.stringify(screen)}`, { cause: error });
  } finally {
    child.kill('SIGKILL');
  }
}

/** A folder for `$PATH` with a memsched that answers completions, and else only notes what it was called with. */
function wrapperIn(folder: string, calledWith: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const wrapper = join(bin, 'memsched');
  writeFileSync(
    wrapper,
    `#!/bin/sh
case $1 in
  __complete | completion) exec '${process.execPath}' '${MEMSCHED}' "$@" ;;
esac
printf '%s\\0' "$@" > '${calledWith}.new' && mv '${calledWith}.new' '${calledWith}'
`,
  );
  chmodSync(wrapper, 0o755);
  return bin;
}
