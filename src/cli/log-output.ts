import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { colourFor } from '../reporters/colour.js';
import { printableOutput } from '../util/printable.js';
import { writeOut } from './print.js';

/** One of the two files that an attempt's output is in. */
export type LogStream = 'stdout' | 'stderr';

/** A line that is longer comes out in pieces. */
const LINE_MAX_CHARACTERS = 64 * 1024;

/**
 * Writes pieces of a log to our stdout: as they are into a file or a pipe, made safe line by line on a terminal.
 */
export class LogOutput {
  readonly #decoder = new StringDecoder('utf8');
  readonly #isTerminal = process.stdout.isTTY;
  readonly #colour = colourFor(process.stdout, process.env).level > 0;
  readonly #label: string;
  #rest = '';

  /** @param label - put before each line; lines come out whole then, even into a pipe. */
  constructor(label = '') {
    this.#label = label;
  }

  /** @returns false when nobody reads any more. */
  write(piece: Buffer): Promise<boolean> {
    if (!this.#isTerminal && this.#label === '') return writeOut(piece);
    const text = this.#rest + this.#decoder.write(piece);
    const end = text.length > LINE_MAX_CHARACTERS ? text.length : text.lastIndexOf('\n') + 1;
    this.#rest = text.slice(end);
    return this.#put(text.slice(0, end));
  }

  /** Writes what came without a newline. */
  end(): Promise<boolean> {
    const text = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (text === '') return Promise.resolve(true);
    return this.#put(this.#isTerminal || this.#label !== '' ? `${text}\n` : text);
  }

  #put(text: string): Promise<boolean> {
    if (text === '') return Promise.resolve(true);
    const safe = this.#isTerminal ? printableOutput(text, { colour: this.#colour }) : text;
    return writeOut(this.#label === '' ? safe : safe.replace(/^(?!$(?![\s\S]))/gm, this.#label));
  }
}

/**
 * Prints a whole log file.
 *
 * @returns false when nobody reads any more.
 */
export async function printLog(path: string): Promise<boolean> {
  const output = new LogOutput();
  try {
    for await (const piece of createReadStream(path)) {
      if (!(await output.write(piece as Buffer))) return false;
    }
  } catch (error) {
    // An attempt that never got so far has no log.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return output.end();
}
