import { CommanderError } from 'commander';
import { HostError } from '../adapters/host/host-error.js';
import { JobfileError } from '../adapters/jobfile/jobfile-error.js';
import { JournalError } from '../adapters/journal/journal-error.js';
import { ProfileError } from '../adapters/profiles/profile-error.js';
import { InvariantError } from '../util/assert.js';
import { EXIT } from './exit-codes.js';

/** The command line is wrong: what, and how to mend it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was to be printed cannot be: no fault of the command line, nor of ours. */
export class OutputError extends Error {
  override readonly name = 'OutputError';

  /** @param why - in words. */
  constructor(why: string) {
    super(`standard output cannot be written: ${why}`);
  }
}

/** The exit code for an error that reached the top, and what to print of it. */
export function judge(error: unknown): { readonly exitCode: number; readonly text: string } {
  if (error instanceof CommanderError)
    return { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage, text: '' };
  if (error instanceof JobfileError) return { exitCode: EXIT.usage, text: error.format() };
  if (error instanceof UsageError)
    return { exitCode: EXIT.usage, text: `memsched: ${error.message}` };
  if (error instanceof HostError) {
    return {
      exitCode: EXIT.host,
      text: `memsched: ${error.message}\n  mend it with: ${error.mend}`,
    };
  }
  if (error instanceof OutputError)
    return { exitCode: EXIT.host, text: `memsched: ${error.message}` };
  if (error instanceof JournalError || error instanceof ProfileError)
    return { exitCode: EXIT.usage, text: `memsched: ${error.message}` };
  return { exitCode: EXIT.internal, text: internalText(error) };
}

function internalText(error: unknown): string {
  const what =
    error instanceof InvariantError
      ? `this must hold, and does not: ${error.message}`
      : String(error);
  const where = error instanceof Error && error.stack !== undefined ? `\n${error.stack}` : '';
  return `memsched: a bug of memsched, not of your tasks: ${what}${where}`;
}
