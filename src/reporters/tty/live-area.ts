import { clearScreenDown } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import type { ChalkInstance } from 'chalk';
import ora, { type Ora } from 'ora';
import { streamOutput, type Output } from '../output.js';
import { TerminalStream, type Terminal } from './terminal-stream.js';
import { columnsOf } from '../width.js';

/** Ten pictures a second look alive and cost little. */
const FRAME_MS = 100;

/** The size of a terminal in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/**
 * The part of the terminal that is drawn again and again, below what scrolls. Ora draws and clears, and shows the cursor
 * again however the process ends; this adds pictures on time, and clearing that survives a narrower terminal.
 */
export class LiveArea {
  readonly #terminal: Terminal;
  readonly #stream: TerminalStream;
  readonly #above: Output;
  readonly #ora: Ora;
  readonly #picture: (size: Size) => string;
  #drawn = '';
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param picture - the text to show now; no line of it may be wider than the terminal. */
  constructor(terminal: Terminal, colour: ChalkInstance, picture: (size: Size) => string) {
    this.#terminal = terminal;
    this.#picture = picture;
    this.#stream = new TerminalStream(terminal);
    this.#above = streamOutput(this.#stream);
    this.#ora = ora({
      stream: this.#stream as unknown as NodeJS.WriteStream,
      isEnabled: true,
      discardStdin: false,
      color: colour.level > 0 ? 'cyan' : false,
      interval: FRAME_MS,
    });
  }

  /** Shows the first picture; later calls do nothing. */
  start(): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#draw();
    this.#ora.start();
    this.#timer = setInterval(() => {
      this.#draw();
    }, FRAME_MS).unref();
    this.#terminal.on('resize', this.#onResize);
  }

  /** Whether there is a picture that other writing would tear. */
  get isDrawn(): boolean {
    return this.#timer !== undefined && !this.#isOver;
  }

  /** Puts lines above the picture, where they stay. */
  above(lines: readonly string[]): void {
    this.#above.write(`${lines.join('\n')}\n`);
  }

  /** Takes the picture away and leaves the terminal as it was. */
  close(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#terminal.off('resize', this.#onResize);
    this.#ora.stop();
    return this.#above.flush();
  }

  #draw(): void {
    this.#drawn = this.#picture({ columns: this.#stream.columns, rows: this.#stream.rows });
    this.#ora.text = this.#drawn;
  }

  readonly #onResize = (): void => {
    const broken = brokenRows(this.#drawn, this.#stream.columns);
    this.#ora.clear();
    // A narrower terminal broke our lines in two: ora does not know of the rows that this made.
    if (broken > 0) {
      this.#stream.moveCursor(0, -broken);
      clearScreenDown(this.#stream);
    }
    this.#draw();
    this.#ora.render();
  };
}

/** How many rows more than lines `text` takes where there are only `columns`. */
function brokenRows(text: string, columns: number): number {
  let rows = 0;
  for (const line of stripVTControlCharacters(text).split('\n')) {
    rows += Math.max(0, Math.ceil(columnsOf(line) / columns) - 1);
  }
  return rows;
}
