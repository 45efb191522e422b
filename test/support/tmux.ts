import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { MEMSCHED } from './cli.js';
import { tempDir } from './temp-dir.js';

/** A terminal that a test looks at. */
export interface Terminal {
  /** What is on it now, lines without trailing blanks; with escape sequences for colours if wanted. */
  screen(withColours?: boolean): string;
  /** Presses keys, by tmux's names: `Down`, `Enter`, `C-c`, `q`. */
  press(...keys: readonly string[]): void;
  resize(columns: number, rows: number): void;
  /** Process id of what runs in it: a shell. */
  readonly pid: number;
}

/** How large a terminal is, and what is different in its environment. */
export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A shell in a terminal of its own (tmux), with `memsched` as a command; gone when the test is. */
export function openTerminal({ columns, rows, env = {} }: TerminalOptions): Terminal {
  const socket = `${tempDir()}/tmux`;
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  const set = Object.entries({ LC_ALL: 'C.UTF-8', ...env }).flatMap(([name, value]) => [
    '-e',
    `${name}=${value}`,
  ]);
  const shell = `bash --norc --noprofile -c 'memsched() { "${process.execPath}" "${MEMSCHED}" "$@"; }; export -f memsched; unset NO_COLOR CI; export PS1="ready> "; exec bash --norc --noprofile'`;
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), ...set, shell);
  onTestFinished(() => {
    tmux('kill-server');
  });
  return {
    screen: (withColours = false) =>
      tmux('capture-pane', '-p', ...(withColours ? ['-e'] : []))
        .split('\n')
        .map((line) => line.trimEnd())
        .join('\n'),
    press: (...keys) => {
      tmux('send-keys', ...keys);
    },
    resize: (width, height) => {
      tmux('resize-window', '-x', String(width), '-y', String(height));
    },
    pid: Number(tmux('list-panes', '-F', '#{pane_pid}')),
  };
}
