import { readFileSync } from 'node:fs';
import { err, ok, type Result } from '../../util/result.js';
import { describeError, errorCode } from '../../util/system-error.js';
import { commandKey } from './command-key.js';

/** First line of a joblog, as GNU parallel writes and expects it. */
export const JOBLOG_HEADER =
  'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';

const LINE = /^\d+\t[^\t]*\t\s*-?[\d.]+\t\s*-?[\d.]+\t-?\d+\t-?\d+\t(-?\d+)\t(\d+)\t(.*)$/s;

/** How often each command of a joblog came to an end, by its text. */
export interface PastCommands {
  /** True once for each time that it did. */
  take(text: string): boolean;
}

/**
 * Reads a joblog, of ours or of GNU parallel's, to see what need not be run again. A file that is not there yet holds
 * nothing.
 *
 * @param which - `ended`: all commands in it; `succeeded`: those that ended with exit code 0. A later line of the same
 *   command counts for itself: it was run as often as there are lines.
 * @returns a sentence for the user when the file cannot be read, or is no joblog.
 */
export function readJoblog(
  path: string,
  which: 'ended' | 'succeeded',
): Result<PastCommands, string> {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok({ take: () => false });
    return err(`the joblog ${path} cannot be read: ${describeError(error)}`);
  }
  const counts = new Map<string, number>();
  const lines = content.split('\n');
  for (const [at, line] of lines.entries()) {
    // A line without its end is one that was being written when everything was killed.
    if (line === '' || at === lines.length - 1 || `${line}\n` === JOBLOG_HEADER) continue;
    const match = LINE.exec(line);
    if (match === null)
      return err(
        `line ${String(at + 1)} of ${path} is not one of a joblog (nine columns, tabs between them); is it the right file?`,
      );
    const [, exit, signal, command = ''] = match;
    if (which === 'succeeded' && (exit !== '0' || signal !== '0')) continue;
    const key = commandKey(command.replaceAll('\0', '\n'));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return ok({
    take(text) {
      const key = commandKey(text);
      const left = counts.get(key) ?? 0;
      if (left > 0) counts.set(key, left - 1);
      return left > 0;
    },
  });
}
