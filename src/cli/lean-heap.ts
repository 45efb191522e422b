import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow by no more than half before it is cleaned up. By default it may grow to several times of what is in
 * use: memory that the tasks could have, for a run with a hundred thousand of them some 300 MB.
 */
export function keepHeapLean(): void {
  setFlagsFromString('--heap-growing-percent=50');
  // 0 is V8's default: compiled code is kept for the next start, and taken then only by who has the same flags.
  process.prependOnceListener('exit', () => {
    setFlagsFromString('--heap-growing-percent=0');
  });
}
