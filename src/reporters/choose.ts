import type { LogPaths } from '../supervisor/ports.js';
import { canDrawLive, colourFor, type Environment } from './colour.js';
import { guarded } from './guarded.js';
import { createJsonReporter } from './json.js';
import { streamOutput } from './output.js';
import { createPlainReporter } from './plain.js';
import type { Reporter, Verbosity } from './reporter.js';
import { createSummaryReporter } from './summary.js';
import { createLiveReporter } from './tty/live.js';

/** What decides how a run is shown. */
export interface ChooseOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream & { readonly fd: number };
  readonly env: Environment;
  readonly logs: LogPaths;
  readonly verbosity: Verbosity;
  readonly json: boolean;
  /** `--no-color` was not given. */
  readonly colourAllowed: boolean;
}

/**
 * The reporters for `run`: progress on stderr (a live area on a terminal, plain lines elsewhere) and results on stdout
 * (the final table, or with `--json` every event). None of them can fail the run. Close them in this order: the live
 * area makes room for the table.
 */
export function chooseReporters(options: ChooseOptions): readonly Reporter[] {
  const { stdout, stderr, env, logs, json, colourAllowed } = options;
  const tell = (line: string): void => {
    if (!stderr.destroyed) stderr.write(`${line}\n`);
  };
  const err = streamOutput(stderr);
  const out = streamOutput(stdout, (problem) => {
    tell(`memsched: stdout: ${problem}`);
  });
  const verbosity = json && options.verbosity === 'normal' ? 'quiet' : options.verbosity;
  const isLive = !json && verbosity !== 'quiet' && canDrawLive(stderr, env);
  return [
    isLive
      ? guarded(
          createLiveReporter({
            terminal: stderr,
            colour: colourFor(stderr, env, colourAllowed),
            logs,
            verbosity,
          }),
          'live',
          tell,
        )
      : guarded(createPlainReporter({ out: err, logs, verbosity }), 'plain', tell),
    json
      ? guarded(createJsonReporter(out), 'JSON', tell)
      : guarded(
          createSummaryReporter({
            out,
            colour: colourFor(stdout, env, colourAllowed),
            isQuiet: verbosity === 'quiet',
          }),
          'summary',
          tell,
        ),
  ];
}
