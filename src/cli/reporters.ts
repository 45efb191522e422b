import { announceTier, type TierHere } from '../adapters/host/tier-choice.js';
import type { RunEvent } from '../core/events.js';
import type { RunState } from '../core/run-state.js';
import type { TaskId, TaskSpec } from '../core/task-spec.js';
import { canDrawLive, colourFor } from '../reporters/colour.js';
import { guarded } from '../reporters/guarded.js';
import { createJsonReporter } from '../reporters/json.js';
import { isNotable } from '../reporters/notable.js';
import { streamOutput, type Output } from '../reporters/output.js';
import { createMaskReporter, type QuotedLogs } from '../reporters/output-masks.js';
import { createPlainReporter } from '../reporters/plain.js';
import { TICK_EVERY_MS, type Reporter } from '../reporters/reporter.js';
import { createSummaryReporter } from '../reporters/summary.js';
import type { OutputMode } from '../reporters/task-output/modes.js';
import type { TaskOutput } from '../reporters/task-output/task-output.js';
import type { LaunchSpec } from '../supervisor/ports.js';
import { printable } from '../util/printable.js';
import type { CiFiles } from './ci-files.js';
import type { CiSurroundings } from './ci-surroundings.js';
import type { RunFiles } from './run-files.js';
import type { RunOptions } from './run-options.js';

/** Which command a run is for. */
export type Face = 'run' | 'map' | 'exec';

/** All reporters of a run as one. */
export interface Reporters {
  event(event: RunEvent, state: RunState): void;
  /** An event of before the run was resumed: for those alone that tell of the whole run. */
  catchUp(event: RunEvent, state: RunState): void;
  tick(state: RunState, nowMs: number): void;
  /** How often that is to be called; undefined: never. */
  readonly tickEveryMs: number | undefined;
  close(state: RunState): Promise<void>;
  /** Takes a line for the user where stderr is drawn on; false where it may just be written. */
  readonly say: (line: string) => boolean;
  /** Resolves when readers of the tasks' output have caught up so far that more tasks may be taken. */
  room(): Promise<void>;
  /** Nobody waits for readers any longer. */
  abandon(): void;
  /** What has become of stdout; known for certain when they are closed. */
  lost(): LostOutput | undefined;
}

/**
 * Something that stood to be read on stdout was not taken: nobody reads what tasks write any more (a closed pipe), or
 * stdout cannot be written, as on a full disk. A result that nobody reads is no loss.
 */
export type LostOutput = 'unread' | 'unwritable';

/** What decides which reporters there are. */
export interface ReportersOrder {
  readonly options: RunOptions;
  readonly face: Face;
  readonly choice: TierHere;
  readonly logs: QuotedLogs;
  readonly warn: (sentence: string) => void;
  readonly files: RunFiles;
  /** What the CI system around us changes. */
  readonly ci: CiSurroundings;
  /** Files that are kept up to date while the run goes on. */
  readonly ciFiles: CiFiles | undefined;
  /** Whether the log of a task stays when its output was passed on. */
  readonly keepLogs: boolean;
  /** What was run for a task that is just finished. */
  readonly launchOf: (task: TaskId) => LaunchSpec | undefined;
  /** Nobody reads the tasks' output any more. */
  readonly onUnread: () => void;
}

/** What the commands do without `--output`; `exec` hands its own streams on. */
const OUTPUT_BY_DEFAULT = { run: 'none', map: 'group', exec: 'none' } as const;

/**
 * Picks the reporters: results on stdout, everything else on stderr; a live area only on a terminal. None of them can
 * fail the run.
 */
export async function createReporters(order: ReportersOrder): Promise<Reporters> {
  const { warn, options, choice, face, ci, ciFiles, logs } = order;
  const loss = new Loss(warn);
  const isTold = face === 'exec' ? options.verbosity === 'verbose' : options.verbosity !== 'quiet';
  if (isTold && choice.downgrade !== undefined) warn(announceTier(choice));
  const mode = options.output ?? OUTPUT_BY_DEFAULT[face];
  const output = mode === 'none' ? undefined : await createOutput(order, mode, loss);
  const picked = {
    ...(output === undefined ? {} : { output }),
    ...(await pick(order, output !== undefined, loss)),
  };
  // First: what a task has just asked to mask is masked where the others quote it.
  const masks = ci.masks ? { masks: createMaskReporter(logs) } : {};
  const ofWholeRun = guardedAll(
    { ...(face === 'exec' ? {} : ci.ofWholeRun(logs)), ...ciFiles?.({ logs, warn }) },
    warn,
  );
  const masking = guardedAll(masks, warn);
  const all = [...masking, ...guardedAll(picked, warn), ...ofWholeRun];
  return {
    event(event, state) {
      for (const reporter of all) reporter.event(event, state);
    },
    catchUp(event, state) {
      for (const reporter of [...masking, ...ofWholeRun]) reporter.event(event, state);
    },
    tick(state, nowMs) {
      for (const reporter of all) reporter.tick?.(state, nowMs);
    },
    tickEveryMs: tickEveryMsOf(all),
    async close(state) {
      for (const reporter of all) await reporter.close(state);
    },
    say: (line) =>
      Object.values(picked).some((reporter: Reporter) => reporter.say?.(line) === true),
    room: () => output?.room() ?? Promise.resolve(),
    abandon: () => {
      output?.abandon();
    },
    lost: () => loss.ofStdout,
  };
}

function tickEveryMsOf(all: readonly Reporter[]): number | undefined {
  const ticking = all.filter((reporter) => reporter.tick !== undefined);
  if (ticking.length === 0) return undefined;
  return Math.min(...ticking.map(({ tickEveryMs = TICK_EVERY_MS }) => tickEveryMs));
}

function guardedAll(
  picked: Readonly<Record<string, Reporter>>,
  warn: (sentence: string) => void,
): readonly Reporter[] {
  return Object.entries(picked).map(([name, reporter]) => guarded(reporter, name, warn));
}

/** Remembers what has become of stdout, whoever writes to it, and tells of it once. */
class Loss {
  ofStdout: LostOutput | undefined;
  readonly #warn: (sentence: string) => void;

  constructor(warn: (sentence: string) => void) {
    this.#warn = warn;
  }

  /** @param problem - why it cannot be written; undefined when nobody reads it. */
  note(problem: string | undefined): void {
    if (problem !== undefined && this.ofStdout !== 'unwritable')
      this.#warn(`standard output cannot be written: ${problem}`);
    if (this.ofStdout === undefined)
      this.ofStdout = problem === undefined ? 'unread' : 'unwritable';
  }
}

async function createOutput(
  { options, face, logs, warn, onUnread, keepLogs }: ReportersOrder,
  mode: Exclude<OutputMode, 'none'>,
  loss: Loss,
): Promise<TaskOutput> {
  const { createTaskOutput } = await import('../reporters/task-output/task-output.js');
  const { sinkOf, unhurried } = await import('../reporters/task-output/sink.js');
  return createTaskOutput({
    mode,
    keepOrder: options.keepOrder,
    logs,
    stdout: sinkOf(unhurried(process.stdout), (problem) => {
      loss.note(problem);
      onUnread();
    }),
    stderr: sinkOf(unhurried(process.stderr), (problem) => {
      if (problem !== undefined) warn(`standard error cannot be written: ${problem}`);
    }),
    tagOf: face === 'map' ? argumentsOf : ({ id }) => id,
    keepLogs,
  });
}

/** One line, whatever the arguments hold: it stands before lines of output. */
function argumentsOf({ matrix }: TaskSpec): string {
  return printable(Object.values(matrix).join(' '));
}

async function pick(
  order: ReportersOrder,
  isPassedOn: boolean,
  loss: Loss,
): Promise<Readonly<Record<string, Reporter>>> {
  const { files, options, face, launchOf, warn, logs, ci } = order;
  const { events, joblog } = files;
  return {
    ...(await pickProgress(order, isPassedOn)),
    ...(face === 'exec' ? {} : ci.reporters(streamOutput(process.stderr), logs)),
    ...pickResult(order, isPassedOn, loss),
    ...(events === undefined
      ? {}
      : {
          events: createJsonReporter(
            streamOutput(events, (problem) => {
              warn(`--events ${options.events ?? ''} cannot be written: ${problem}`);
            }),
          ),
        }),
    ...(joblog === undefined ? {} : { joblog: await createJoblog(joblog, launchOf) }),
    ...(options.json
      ? { json: createJsonReporter(ci.json(resultOutput(process.stdout, loss))) }
      : {}),
  };
}

async function createJoblog(
  file: NonNullable<RunFiles['joblog']>,
  launchOf: ReportersOrder['launchOf'],
): Promise<Reporter> {
  const { createJoblogReporter } = await import('../reporters/joblog.js');
  const { commandText } = await import('../reporters/command-text.js');
  return createJoblogReporter({
    out: file,
    commandOf: (task) => {
      const launch = launchOf(task);
      return launch === undefined ? '' : commandText(launch);
    },
  });
}

/** The result stands on stdout, unless that is the tasks' own. */
function pickResult(
  { options, face, ci }: ReportersOrder,
  isPassedOn: boolean,
  loss: Loss,
): Record<string, Reporter> {
  const { json, verbosity, colour } = options;
  if (json || (face === 'exec' && verbosity !== 'verbose')) return {};
  const stream = face === 'run' && !isPassedOn ? process.stdout : process.stderr;
  return {
    summary: createSummaryReporter({
      out: ci.text(resultOutput(stream, loss)),
      colour: colourFor(stream, process.env, colour),
      isQuiet: verbosity === 'quiet' || (face !== 'run' && verbosity !== 'verbose'),
      onlyTrouble: face !== 'run' && verbosity !== 'verbose',
    }),
  };
}

function resultOutput(stream: NodeJS.WriteStream, loss: Loss): Output {
  if (stream !== process.stdout) return streamOutput(stream);
  return streamOutput(stream, (problem) => {
    loss.note(problem);
  });
}

/** The live area is loaded only where it is shown: start-up time is part of the product. */
async function pickProgress(
  { options, logs, face, ci }: ReportersOrder,
  isPassedOn: boolean,
): Promise<Record<string, Reporter>> {
  const { verbosity } = options;
  const mayDraw = face !== 'exec' && !isPassedOn && verbosity !== 'quiet';
  if (!mayDraw || !canDrawLive(process.stderr, process.env)) {
    const isTerse = face !== 'run' && verbosity !== 'verbose';
    const plain = createPlainReporter({
      out: ci.text(streamOutput(process.stderr)),
      logs,
      verbosity,
      fold: ci.fold,
      showsTails: face === 'run' && !isPassedOn,
      ...(isTerse ? { wants: isNotable } : {}),
    });
    return { plain };
  }
  const { createLiveReporter } = await import('../reporters/tty/live.js');
  const colour = colourFor(process.stderr, process.env, options.colour);
  return { live: createLiveReporter({ terminal: process.stderr, colour, logs, verbosity }) };
}
