import type { CommandReply } from '../core/command.js';
import type { RunEvent } from '../core/events.js';
import { unreachable } from '../util/assert.js';
import { formatDuration } from '../util/duration.js';
import { printable } from '../util/printable.js';
import { counted } from './words.js';

/** What the user has told the run, as it stands in the journal. */
export function commandWords(
  event: Extract<
    RunEvent,
    {
      kind:
        | 'run-held'
        | 'run-released'
        | 'task-held'
        | 'task-released'
        | 'cancel-requested'
        | 'config-changed';
    }
  >,
): string {
  switch (event.kind) {
    case 'run-held':
      return 'the user holds the run: nothing is started until it is released';
    case 'run-released':
      return 'the user has released the run';
    case 'task-held':
      return `${printable(event.task)} is held by the user`;
    case 'task-released':
      return `${printable(event.task)} is released by the user`;
    case 'cancel-requested':
      return `${printable(event.task)} is canceled by the user${event.times > 1 ? ' again' : ''}`;
    case 'config-changed':
      return `the user has set ${changeWords(event)}`;
    default:
      return unreachable(event);
  }
}

/** `max_parallel from none to 4`. */
export function changeWords(change: {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}): string {
  return `${printable(change.key)} from ${printable(change.before)} to ${printable(change.after)}`;
}

/** The answer to a command as a sentence. */
export function replyWords(reply: CommandReply): string {
  switch (reply.kind) {
    case 'run-held':
      return `the run is held${reply.isNews ? '' : ' already'}: nothing is started until it is released${reply.live > 0 ? `; what runs goes on (${counted(reply.live, 'task')})` : ''}`;
    case 'run-released':
      return reply.isNews
        ? `the run is released: ${counted(reply.queued, 'task')} may start as memory allows`
        : 'the run was not held';
    case 'task-held':
      return `${printable(reply.task)} is held${reply.isNews ? '' : ' already'}${reply.isLive ? '; its attempt goes on, and only should it have to run again it waits' : ': it does not start until it is released'}`;
    case 'task-released':
      return releasedWords(reply);
    case 'task-canceled':
      return `${printable(reply.task)} is canceled; it was not running`;
    case 'task-stopping':
      return reply.graceMs > 0
        ? `${printable(reply.task)} is asked to end, and killed after ${formatDuration(reply.graceMs)}; canceled again it is killed at once`
        : `${printable(reply.task)} is killed`;
    case 'run-stopping':
      return reply.times > 1
        ? `the run is canceled again: ${counted(reply.live, 'task')} killed`
        : `the run is canceled: nothing more is started, ${counted(reply.live, 'running task')} asked to end; canceled again they are killed`;
    case 'config-changed':
      return reply.isNews
        ? `${printable(reply.key)} is ${printable(reply.after)} now, and was ${printable(reply.before)}`
        : `${printable(reply.key)} is ${printable(reply.after)} already`;
    case 'no-such-task':
      return `the run has no task "${printable(reply.task)}"`;
    case 'task-is-finished':
      return `${printable(reply.task)} is finished already: ${reply.outcome}`;
    case 'run-is-ending':
      return 'the run is being stopped: it starts nothing any more';
    case 'run-is-over':
      return 'the run is over';
    default:
      return unreachable(reply);
  }
}

function releasedWords({
  task,
  isNews,
  isRunHeld,
}: Extract<CommandReply, { kind: 'task-released' }>): string {
  const what = isNews ? `${printable(task)} is released` : `${printable(task)} was not held`;
  return isRunHeld ? `${what}; the run as a whole is held, and with it this task` : what;
}
