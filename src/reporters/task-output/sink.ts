import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { describeError } from '../../util/system-error.js';

/** One of our own streams, written to at the pace of whoever reads it. */
export interface Sink {
  /** Resolves when more may be written; false when nobody reads any more. */
  write(bytes: Buffer): Promise<boolean>;
  /** Resolves when all of it is handed over. */
  flush(): Promise<void>;
}

/**
 * Wraps a stream of ours. Nothing is dropped, as it is the tasks' own output; what cannot be written is told once.
 *
 * @param onLost - nobody reads any more (EPIPE), or the stream cannot be written: then with the reason.
 */
export function sinkOf(stream: Writable, onLost: (problem: string | undefined) => void): Sink {
  let isLost = false;
  let onRoom: (() => void)[] = [];
  const go = (): void => {
    const waiting = onRoom;
    onRoom = [];
    for (const resolve of waiting) resolve();
  };
  stream.on('drain', go);
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (isLost) return;
    isLost = true;
    onLost(error.code === 'EPIPE' ? undefined : describeError(error));
    go();
  });
  return {
    async write(bytes) {
      if (isLost) return false;
      if (!stream.write(bytes))
        await new Promise<void>((resolve) => {
          onRoom.push(resolve);
        });
      return !isLost;
    },
    flush: () =>
      isLost || stream.writableLength === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onRoom.push(resolve);
            stream.write('', () => {
              resolve();
            });
          }),
  };
}

/**
 * A stream that never makes us wait: node writes to terminals and files synchronously, so a terminal paused with Ctrl-S
 * would hold up the watch over memory.
 */
export function unhurried(stream: NodeJS.WriteStream & { fd: number }): Writable {
  return stream.isTTY ? createWriteStream('', { fd: stream.fd, autoClose: false }) : stream;
}
