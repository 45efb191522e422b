import { journal } from './journal.js';
import type { Law } from './target.js';

/** What is fuzzed, by the names that `npm run fuzz -- --target` takes. */
export const TARGETS = { journal } as const satisfies Readonly<Record<string, readonly Law[]>>;
