import type { Writable } from 'node:stream';
import { describeError } from '../util/system-error.js';

/** Output that a reader has not taken yet is held up to this many bytes; what comes after that is dropped. */
const UNREAD_MAX_BYTES = 32 * 1024 * 1024;
/** How long {@link Output.flush} waits for a reader that does not read. */
const FLUSH_MAX_MS = 2_000;

/** A place to write text to that never throws and never makes a run wait or fail. */
export interface Output {
  write(text: string): void;
  /** Resolves when everything is handed over, the reader is gone, or it has not read for two seconds. */
  flush(): Promise<void>;
}

/**
 * Wraps a stream. After a closed pipe (EPIPE) or any other write error, later writes are dropped: `memsched run … |
 * head -1` must not hurt the tasks. A reader that is slow costs a bounded amount of memory.
 *
 * @param stream - usually `process.stdout` or `process.stderr`; pipes are written to without blocking.
 * @param onLoss - told once, in words, why output is lost, where that is not a closed pipe.
 */
export function streamOutput(
  stream: Writable,
  onLoss: (problem: string) => void = () => undefined,
): Output {
  let broken = false;
  let lossTold = false;
  const lose = (problem: string): void => {
    if (lossTold) return;
    lossTold = true;
    onLoss(problem);
  };
  stream.on('error', (error: NodeJS.ErrnoException) => {
    broken = true;
    if (error.code !== 'EPIPE') lose(describeError(error));
  });
  return {
    write(text) {
      if (broken || stream.destroyed || stream.writableEnded) return;
      if (stream.writableLength > UNREAD_MAX_BYTES) {
        lose('whoever reads it is too slow, and some of it was dropped');
        return;
      }
      stream.write(text);
    },
    flush() {
      if (broken || stream.destroyed || stream.writableLength === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(done, FLUSH_MAX_MS);
        function done(): void {
          clearTimeout(timer);
          stream.off('error', done);
          resolve();
        }
        stream.once('error', done);
        stream.write('', done);
      });
    },
  };
}
