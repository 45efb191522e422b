import { writeSync } from 'node:fs';
import { TerminalStream, type Terminal } from './terminal-stream.js';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
/** Colours off, cursor back, and the screen as it was before. */
const LEAVE = '\x1b[0m\x1b[?25h\x1b[?1049l';
/** How often a full terminal is tried again at the end, when nothing can wait any more. */
const LEAVE_TRIES = 100;

/**
 * The whole terminal as a picture, on the alternate screen. Only lines that have changed are written, and the next
 * picture waits until the last one was taken: on a slow link pictures are left out instead of piling up.
 */
export class Screen {
  readonly #terminal: Terminal;
  readonly #stream: TerminalStream;
  #shown: readonly string[] = [];
  #wanted: readonly string[] = [];
  #isWriting = false;
  #isOpen = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#stream = new TerminalStream(terminal);
  }

  /** Columns that may be written to: the one at the edge is left free, where terminals disagree about wrapping. */
  get columns(): number {
    return Math.max(20, this.#stream.columns - 1);
  }

  get rows(): number {
    return Math.max(5, this.#stream.rows);
  }

  /** Takes the terminal over. */
  enter(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#shown = [];
    this.#stream.write(ENTER);
  }

  /** Shows a picture: lines from the top, none wider than {@link Screen.columns}. */
  draw(lines: readonly string[]): void {
    this.#wanted = lines;
    this.#write();
  }

  /** What is on the terminal may be spoilt: the next picture is drawn as a whole. */
  spoil(): void {
    this.#shown = [];
    if (this.#isOpen) this.#stream.write('\x1b[2J');
  }

  /** Gives the terminal back as it was. Synchronous, so that it works however the process ends; twice does no harm. */
  leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (let tries = 0; tries < LEAVE_TRIES; tries += 1) {
      try {
        writeSync(this.#terminal.fd, LEAVE);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      }
    }
  }

  #write(): void {
    if (this.#isWriting || !this.#isOpen) return;
    const text = changes(this.#shown, this.#wanted);
    if (text === '') return;
    this.#shown = this.#wanted;
    this.#isWriting = true;
    this.#stream.write(text, () => {
      this.#isWriting = false;
      this.#write();
    });
  }
}

/** What to write so that the terminal shows `after` where it shows `before`. */
export function changes(before: readonly string[], after: readonly string[]): string {
  let text = '';
  for (let at = 0; at < Math.max(before.length, after.length); at += 1) {
    const line = after[at] ?? '';
    if (line !== (before[at] ?? '')) text += `\x1b[${at + 1};1H${line}\x1b[K`;
  }
  return text;
}
