import type { TaskSpec } from '../../core/task-spec.js';
import type { Arrival, LaunchSpec, PlannedTask, TaskSource } from '../../supervisor/ports.js';
import type { MapCommand } from './map-command.js';
import { InputError } from './records.js';

/** An argument is told of in the journal up to this length. */
const SHOWN_CHARS = 200;

/** What tasks are made of. */
export interface MapSourceOptions {
  readonly rows: AsyncIterable<readonly (readonly string[])[]>;
  readonly command: MapCommand;
  /** What all tasks have in common. */
  readonly template: PlannedTask;
  /** Whether a command, as text, has been dealt with by an earlier run. */
  readonly isDone?: (text: string) => boolean;
  /** Keep the text of the commands: somebody will ask for it. */
  readonly keepText: boolean;
  /** Ends the reading of the input. */
  readonly onClose: () => void;
}

/** Makes a task of each row, as they come, numbered from 1. */
export function createMapSource(options: MapSourceOptions): TaskSource {
  const batches = options.rows[Symbol.asyncIterator]();
  let rows: readonly (readonly string[])[] = [];
  let at = 0;
  let seq = 0;

  const taken = (atMost: number): PlannedTask[] => {
    const tasks: PlannedTask[] = [];
    while (at < rows.length && tasks.length < atMost) {
      const args = rows[at] ?? [];
      at += 1;
      seq += 1;
      const task = taskOf(options, { seq, args });
      if (task !== undefined) tasks.push(task);
    }
    return tasks;
  };

  return {
    async next(atMost): Promise<Arrival> {
      try {
        for (;;) {
          const tasks = taken(atMost);
          if (tasks.length > 0) return { kind: 'tasks', tasks };
          const batch = await batches.next();
          if (batch.done === true) return { kind: 'end' };
          rows = batch.value;
          at = 0;
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        return { kind: 'end', problem: error.message };
      }
    },
    close: options.onClose,
  };
}

function taskOf(
  { command, template, isDone, keepText }: MapSourceOptions,
  row: { readonly seq: number; readonly args: readonly string[] },
): PlannedTask | undefined {
  const made = command.forRow(row);
  if (isDone?.(made.text()) === true) return undefined;
  const launch: LaunchSpec = {
    ...template.launch,
    command: made.command,
    env: { ...template.launch.env, ...made.env },
    ...(keepText ? { text: made.text() } : {}),
  };
  return { spec: specOf(template.spec, row.seq, row.args), launch };
}

function specOf(template: TaskSpec, seq: number, args: readonly string[]): TaskSpec {
  const shown = args.map((arg, at): [string, string] => [
    String(at + 1),
    arg.length <= SHOWN_CHARS ? arg : `${arg.slice(0, SHOWN_CHARS)}…`,
  ]);
  return {
    ...template,
    id: `${template.job}.${String(seq)}`,
    index: seq - 1,
    matrix: Object.fromEntries(shown),
  };
}
