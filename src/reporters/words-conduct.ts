import type { LogCut, PidsReached, ConductEvent } from '../core/events.js';
import type { PausedBy } from '../core/observation.js';
import { unreachable } from '../util/assert.js';
import { formatBytes } from '../util/bytes.js';
import { formatDuration } from '../util/duration.js';
import { printable } from '../util/printable.js';

/** What an attempt did, and what was done about it. */
export function conductWords(event: ConductEvent): string {
  switch (event.kind) {
    case 'attempt-paused':
      return pausedWords(event.by);
    case 'attempt-unpaused':
      return `goes on after ${formatDuration(event.afterMs)}`;
    case 'attempt-strayed':
      return strayedWords(event.to);
    case 'attempt-tampered':
      return tamperedWords(event.file);
    case 'log-cut':
      return logCutWords(event);
    default:
      return unreachable(event);
  }
}

/** What was done to a log. */
function logCutWords({ stream, bytes, maxBytes, leftOutBytes }: LogCut): string {
  return `its ${stream} was ${formatBytes(bytes)}, and a log takes ${formatBytes(maxBytes)} at the most (max_log): the beginning and the end are kept, ${formatBytes(leftOutBytes)} are left out`;
}

/** Who keeps an attempt from doing anything. */
function pausedWords(by: PausedBy): string {
  return by === 'signal'
    ? 'does nothing: a process of it was stopped by a signal (SIGSTOP or the like), which memsched did not send'
    : 'does nothing: its cgroup was frozen, and not by memsched';
}

/** That a main process had gone elsewhere. */
function strayedWords(to: string): string {
  return `its main process had moved to the cgroup ${printable(to)}, and was put back`;
}

/** That a limit was changed. */
function tamperedWords(file: string): string {
  return `${printable(file)} of its cgroup was changed, and not by memsched: it is set again`;
}

/** That there are as many processes as there may be. */
export function pidsWords({ pids, maxPids, largest }: PidsReached): string {
  const who =
    largest === undefined ? '' : `; ${printable(largest.task)} has the most, ${largest.pids}`;
  return `all tasks together have ${pids} processes, and max_pids is ${maxPids}${who}`;
}
