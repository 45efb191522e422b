import { z } from 'zod';
import { JOURNAL_VERSION, type RunEvent } from '../../core/events.js';
import { issueWords } from '../../util/issue-words.js';
import { once } from '../../util/once.js';
import { err, ok, type Result } from '../../util/result.js';
import { EVENT_SCHEMAS } from './event-schemas.js';

const anyEvent = once(() =>
  z.looseObject({
    kind: z.enum(Object.keys(EVENT_SCHEMAS) as [RunEvent['kind'], ...RunEvent['kind'][]]),
  }),
);

const header = once(() =>
  z.looseObject({
    kind: z.literal('run-started'),
    version: z.number().int().positive(),
  }),
);

/**
 * Reads one line of a journal.
 *
 * @param isFirst - the first line must be `run-started`, of a version that we know.
 * @returns the event, or what is wrong with the line.
 */
export function parseEvent(line: string, isFirst: boolean): Result<RunEvent, string> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return err(
      `this is not a line of JSON (${(error as Error).message}); the file was damaged or edited`,
    );
  }
  if (isFirst) {
    const wrong = wrongHeader(value);
    if (wrong !== undefined) return err(wrong);
  }
  const known = anyEvent().safeParse(value);
  if (!known.success)
    return err(`this is not an event that memsched wrote: ${issues(known.error)}`);
  const whole = EVENT_SCHEMAS[known.data.kind].safeParse(value);
  if (!whole.success) return err(`a damaged "${known.data.kind}" event: ${issues(whole.error)}`);
  // What a later memsched of the same version adds to an event stays with it.
  return ok(value as RunEvent);
}

function wrongHeader(value: unknown): string | undefined {
  const parsed = header().safeParse(value);
  if (!parsed.success)
    return 'a journal begins with a "run-started" event that tells its version; this one does not';
  const { version } = parsed.data;
  if (version <= JOURNAL_VERSION) return undefined;
  return `written in version ${String(version)} of the format, and this memsched reads versions up to ${String(JOURNAL_VERSION)}; use a newer memsched`;
}

function issues(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || 'the line'}: ${issueWords(issue.message)}`)
    .join('; ');
}
