import {
  closeSync,
  createWriteStream,
  fstatSync,
  openSync,
  writeSync,
  type WriteStream,
} from 'node:fs';
import { JOBLOG_HEADER } from '../adapters/map/joblog.js';
import type { JoblogSink } from '../reporters/joblog.js';
import { bytesOf } from '../util/byte-text.js';
import { UsageError } from './errors.js';
import type { RunOptions } from './run-options.js';

/** Files that a run writes because the user named them. */
export interface RunFiles {
  /** Takes a copy of the event stream. */
  readonly events: WriteStream | undefined;
  readonly joblog: JoblogSink | undefined;
}

/**
 * Opens them.
 *
 * @throws UsageError when one cannot be written.
 */
export function openRunFiles({ events, joblog }: RunOptions): RunFiles {
  return {
    events: events === undefined ? undefined : openEvents(events),
    joblog: joblog === undefined ? undefined : openJoblog(joblog.path, joblog.append),
  };
}

function openEvents(path: string): WriteStream {
  return createWriteStream(path, { fd: openOrRefuse(path, '--events', 'w') });
}

function openJoblog(path: string, append: boolean): JoblogSink {
  const fd = openOrRefuse(path, '--joblog', append ? 'a' : 'w');
  const write = (line: string): void => {
    writeSync(fd, bytesOf(line));
  };
  if (fstatSync(fd).size === 0) write(JOBLOG_HEADER);
  return {
    write,
    close: () => {
      closeSync(fd);
    },
  };
}

function openOrRefuse(path: string, option: string, flags: 'w' | 'a'): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    throw new UsageError(`${option} ${path} cannot be written: ${(error as Error).message}`);
  }
}
