import { DEFAULT_MAX_LOG_BYTES } from '../adapters/jobfile/config.js';
import { createLogKeeper } from '../adapters/journal/log-keeper.js';
import type { LogKeeper, LogPaths } from '../supervisor/ports.js';
import type { RunPlan } from '../supervisor/run-plan.js';
import { formatBytes } from '../util/bytes.js';
import type { Face } from './reporters.js';
import type { RunOptions } from './run-options.js';

/** What decides whether logs are kept to a size. */
export interface LogKeepingOrder {
  readonly loaded: { readonly plan: Pick<RunPlan, 'config'> };
  readonly options: Pick<RunOptions, 'output' | 'overrides'>;
  readonly face: Face;
}

/**
 * Makes what keeps logs to `max_log`. Logs that output is passed on from are the buffer between the tasks and who reads
 * it: nothing may be left out there, and whoever wished for a size of his own is told so.
 *
 * @returns undefined where logs grow as they like.
 */
export function keeperOf(
  { loaded, options, face }: LogKeepingOrder,
  paths: LogPaths,
  warn: (sentence: string) => void,
): LogKeeper | undefined {
  const { maxLogBytes } = loaded.plan.config;
  const { output = face === 'run' ? 'none' : 'stream', overrides } = options;
  if (maxLogBytes === undefined) return undefined;
  if (output === 'none') return createLogKeeper({ paths, maxBytes: maxLogBytes, warn });
  const isAsked = overrides.some(({ path }) => path[0] === 'max_log');
  if (isAsked || maxLogBytes !== DEFAULT_MAX_LOG_BYTES)
    warn(`max_log (${formatBytes(maxLogBytes)}) is not kept to: ${whyNot(face, options)}`);
  return undefined;
}

function whyNot(face: Face, { output }: LogKeepingOrder['options']): string {
  return face === 'exec' && output === undefined
    ? "the command of exec writes to memsched's own streams, and has no log"
    : 'output is passed on from the logs, and nothing of it may be left out; with --output none it is kept to';
}
