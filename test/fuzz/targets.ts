import { jobfile } from './jobfile.js';
import { journal } from './journal.js';
import { kernel } from './kernel.js';
import { map } from './map.js';
import { socket } from './socket.js';
import { store } from './store.js';
import type { Law } from './target.js';

/** What is fuzzed, by the names that `npm run fuzz -- --target` takes. */
export const TARGETS = {
  jobfile,
  journal,
  store,
  socket,
  kernel,
  map,
} as const satisfies Readonly<Record<string, readonly Law[]>>;
