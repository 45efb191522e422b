import type { Part } from './harness/part.js';
import { makespan } from './makespan/part.js';
import { overhead } from './overhead/part.js';
import { reaction } from './reaction/part.js';
import { real } from './real/part.js';
import { scale } from './scale/part.js';
import { spawn } from './spawn/part.js';

/** Everything that can be measured, in the order in which it is. */
export const PARTS: readonly Part[] = [makespan, real, overhead, spawn, reaction, scale];
