import { describeError } from '../util/system-error.js';
import { OutputError } from './errors.js';
import { printableLines } from '../util/printable.js';

/**
 * Writes to stdout and waits until it is taken, so that a large text reaches a slow reader whole.
 *
 * @returns false when nobody reads any more, which is no error (`… | head`).
 * @throws OutputError when stdout cannot take it, as on a full disk.
 */
export function writeOut(chunk: Buffer | string): Promise<boolean> {
  const { stdout } = process;
  return new Promise((resolve, reject) => {
    const settle = (error?: NodeJS.ErrnoException | null): void => {
      if (error === null || error === undefined) resolve(true);
      else if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') resolve(false);
      else reject(new OutputError(describeError(error)));
    };
    // A failed write is told of twice: to its callback, and as an event that would end the process.
    if (stdout.listenerCount('error') === 0) stdout.on('error', settle);
    stdout.write(chunk, settle);
  });
}

/** Writes `text` and a newline to stdout; see {@link writeOut}. */
export function print(text: string): Promise<boolean> {
  return writeOut(`${text}\n`);
}

/** Tells the user something beside the result: on stderr. */
export function tell(sentence: string): void {
  process.stderr.write(`memsched: ${printableLines(sentence)}\n`);
}
