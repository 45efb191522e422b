import { createWriteStream, openSync, type WriteStream } from 'node:fs';
import { announceTier, type TierHere } from '../adapters/host/tier-choice.js';
import type { RunEvent } from '../core/events.js';
import type { RunState } from '../core/run-state.js';
import { canDrawLive, colourFor } from '../reporters/colour.js';
import { guarded } from '../reporters/guarded.js';
import { createJsonReporter } from '../reporters/json.js';
import { streamOutput } from '../reporters/output.js';
import { createPlainReporter } from '../reporters/plain.js';
import type { Reporter } from '../reporters/reporter.js';
import { createSummaryReporter } from '../reporters/summary.js';
import type { LogPaths } from '../supervisor/ports.js';
import type { CiFiles } from './ci-files.js';
import type { CiSurroundings } from './ci-surroundings.js';
import { UsageError } from './errors.js';
import type { RunOptions } from './run-options.js';

/** All reporters of a run as one. */
export interface Reporters {
  event(event: RunEvent, state: RunState): void;
  tick(state: RunState, nowMs: number): void;
  close(state: RunState): Promise<void>;
}

/** What decides which reporters there are. */
export interface ReportersOrder {
  readonly options: RunOptions;
  readonly choice: TierHere;
  readonly logs: LogPaths;
  readonly warn: (sentence: string) => void;
  /** Takes a copy of the event stream. */
  readonly events: WriteStream | undefined;
  /** What the CI system around us changes. */
  readonly ci: CiSurroundings;
  /** Files that are kept up to date while the run goes on. */
  readonly ciFiles: CiFiles | undefined;
}

/**
 * Picks the reporters: results on stdout, everything else on stderr; a live area only on a terminal. None of them can
 * fail the run.
 */
export async function createReporters(order: ReportersOrder): Promise<Reporters> {
  const { warn, options, choice } = order;
  if (options.verbosity !== 'quiet' && choice.downgrade !== undefined) warn(announceTier(choice));
  const all = Object.entries(await pick(order)).map(([name, reporter]) =>
    guarded(reporter, name, warn),
  );
  return {
    event(event, state) {
      for (const reporter of all) reporter.event(event, state);
    },
    tick(state, nowMs) {
      for (const reporter of all) reporter.tick?.(state, nowMs);
    },
    async close(state) {
      for (const reporter of all) await reporter.close(state);
    },
  };
}

async function pick(order: ReportersOrder): Promise<Readonly<Record<string, Reporter>>> {
  const { events, ci, ciFiles, logs, warn } = order;
  const { json, verbosity, colour } = order.options;
  const stdout = streamOutput(process.stdout, order.warn);
  const isQuiet = verbosity === 'quiet';
  return {
    ...(await pickProgress(order)),
    ...ci.reporters(streamOutput(process.stderr), logs),
    ...(json
      ? { json: createJsonReporter(ci.json(stdout)) }
      : {
          summary: createSummaryReporter({
            out: ci.text(stdout),
            colour: colourFor(process.stdout, process.env, colour),
            isQuiet,
          }),
        }),
    ...(events === undefined
      ? {}
      : { events: createJsonReporter(streamOutput(events, order.warn)) }),
    ...ciFiles?.({ logs, warn }),
  };
}

/** The live area is loaded only where it is shown: start-up time is part of the product. */
async function pickProgress({
  options,
  logs,
  ci,
}: ReportersOrder): Promise<Record<string, Reporter>> {
  const { verbosity } = options;
  if (verbosity === 'quiet' || !canDrawLive(process.stderr, process.env)) {
    const out = ci.text(streamOutput(process.stderr));
    return { plain: createPlainReporter({ out, logs, verbosity, fold: ci.fold }) };
  }
  const { createLiveReporter } = await import('../reporters/tty/live.js');
  const colour = colourFor(process.stderr, process.env, options.colour);
  return { live: createLiveReporter({ terminal: process.stderr, colour, logs, verbosity }) };
}

/**
 * Opens the file for `--events`.
 *
 * @throws UsageError when it cannot be written.
 */
export function openEvents(path: string): WriteStream {
  try {
    return createWriteStream(path, { fd: openSync(path, 'w', 0o600) });
  } catch (error) {
    throw new UsageError(`--events ${path} cannot be written: ${(error as Error).message}`);
  }
}
