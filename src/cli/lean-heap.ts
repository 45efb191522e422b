import { setFlagsFromString } from 'node:v8';

/** What is set while we run, and V8's defaults. */
const FLAGS = {
  'heap-growing-percent': { ours: 50, default: 0 },
  'semi-space-growth-factor': { ours: 1, default: 2 },
} as const;

let isLean = false;

/**
 * Lets the heap grow by no more than half before it is cleaned up, and the space for new objects not at all. By default
 * the one may grow to several times of what is in use and the other to 32 MiB: memory that the tasks could have, for a run
 * with a hundred thousand of them some 300 MB. What was thrown away before is not cleaned up for it, so: before loading.
 * Doing it twice does no harm.
 */
export function keepHeapLean(): void {
  if (isLean) return;
  isLean = true;
  set('ours');
  // Compiled code is kept for the next start, and taken then only by who has the same flags.
  process.prependOnceListener('exit', () => {
    set('default');
  });
}

function set(whose: 'ours' | 'default'): void {
  for (const [name, values] of Object.entries(FLAGS))
    setFlagsFromString(`--${name}=${values[whose]}`);
}
