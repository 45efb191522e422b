import type { Outcome } from './outcome.js';
import type { RunConfig, TaskId } from './task-spec.js';

/** What the user wants of a run that is under way; without a task it is meant for the run as a whole. */
export type Command =
  | { readonly kind: 'hold'; readonly task?: TaskId }
  | { readonly kind: 'release'; readonly task?: TaskId }
  /** Once: asked to end, with the usual grace. Again: killed. */
  | { readonly kind: 'cancel'; readonly task?: TaskId }
  | ({ readonly kind: 'set' } & ConfigChange);

/** One key of the run's configuration is to be something else. */
export interface ConfigChange {
  /** As the user names it, such as `max_parallel`. */
  readonly key: string;
  /** Both as the user would write them, such as `80%`. */
  readonly before: string;
  readonly after: string;
  /** The whole configuration with the change in it, validated. */
  readonly config: RunConfig;
}

/** What came of a command: the answer of the tick that took it. */
export type CommandReply = CommandDone | CommandRefused;

/** It was done. `isNews` is false where things stood like this before. */
export type CommandDone =
  | { readonly kind: 'run-held'; readonly isNews: boolean; readonly live: number }
  | { readonly kind: 'run-released'; readonly isNews: boolean; readonly queued: number }
  | {
      readonly kind: 'task-held';
      readonly isNews: boolean;
      readonly task: TaskId;
      /** Its attempt goes on: it is held should it have to run again. */
      readonly isLive: boolean;
    }
  | {
      readonly kind: 'task-released';
      readonly isNews: boolean;
      readonly task: TaskId;
      /** The run as a whole is held, and with it this task. */
      readonly isRunHeld: boolean;
    }
  /** It was not running, and never will. */
  | { readonly kind: 'task-canceled'; readonly task: TaskId }
  /** Its attempt is asked to end, or with a grace of 0 killed. */
  | {
      readonly kind: 'task-stopping';
      readonly task: TaskId;
      readonly attempt: number;
      readonly graceMs: number;
    }
  | { readonly kind: 'run-stopping'; readonly live: number; readonly times: number }
  | {
      readonly kind: 'config-changed';
      readonly isNews: boolean;
      readonly key: string;
      readonly before: string;
      readonly after: string;
    };

/** It was not done, and why. */
export type CommandRefused =
  | { readonly kind: 'no-such-task'; readonly task: TaskId }
  | { readonly kind: 'task-is-finished'; readonly task: TaskId; readonly outcome: Outcome }
  /** Nothing is started any more: there is nothing to hold or to set. */
  | { readonly kind: 'run-is-ending' }
  | { readonly kind: 'run-is-over' };

const REFUSALS: ReadonlySet<CommandReply['kind']> = new Set<CommandRefused['kind']>([
  'no-such-task',
  'task-is-finished',
  'run-is-ending',
  'run-is-over',
]);

/** Whether a command was not done. */
export function isRefused(reply: CommandReply): reply is CommandRefused {
  return REFUSALS.has(reply.kind);
}
