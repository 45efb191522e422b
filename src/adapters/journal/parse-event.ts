import { z } from 'zod';
import { CURVE_BINS } from '../../core/learning/types.js';
import { JOURNAL_VERSION, type RunEvent } from '../../core/events.js';
import { once } from '../../util/once.js';
import { err, ok, type Result } from '../../util/result.js';

/** Every kind of event this version knows; the compiler keeps it complete. */
const KINDS: Readonly<Record<RunEvent['kind'], true>> = {
  'run-started': true,
  'task-planned': true,
  'source-ended': true,
  'level-changed': true,
  'task-waits': true,
  'attempt-admitted': true,
  'attempt-launched': true,
  'attempt-stopping': true,
  'attempt-killed': true,
  'attempt-stuck': true,
  'attempt-exited': true,
  'attempt-ended': true,
  'task-requeued': true,
  'task-finished': true,
  'inputs-measured': true,
  'budget-changed': true,
  'brake-felt': true,
  sampled: true,
  'tick-late': true,
  'victims-missing': true,
  'stop-requested': true,
  'run-held': true,
  'run-released': true,
  'task-held': true,
  'task-released': true,
  'cancel-requested': true,
  'config-changed': true,
  halted: true,
  'group-grew': true,
  'run-resumed': true,
  'run-ended': true,
};

const anyEvent = once(() =>
  z.looseObject({
    kind: z.enum(Object.keys(KINDS) as [RunEvent['kind'], ...RunEvent['kind'][]]),
    tMs: z.number().nonnegative(),
  }),
);

/** What a replay looks things up by; the rest of an event was written by us and is believed. */
const keysByKind = once((): Readonly<Partial<Record<RunEvent['kind'], z.ZodType>>> => {
  const ofAttempt = z.looseObject({ task: z.string(), attempt: z.number().int().positive() });
  const ofTask = z.looseObject({ task: z.string() });
  return {
    'run-started': z.looseObject({
      runId: z.string(),
      startedAtMs: z.number(),
      bootId: z.string(),
      pid: z.number(),
      config: z.looseObject({}),
    }),
    'task-planned': z.looseObject({
      spec: z.looseObject({ id: z.string(), index: z.number(), job: z.string() }),
    }),
    'task-waits': ofTask,
    'attempt-admitted': ofAttempt,
    'attempt-launched': ofAttempt,
    'attempt-stopping': ofAttempt,
    'attempt-killed': ofAttempt,
    'attempt-stuck': ofAttempt,
    'attempt-exited': ofAttempt,
    'attempt-ended': ofAttempt.extend({
      curve: z.array(z.number().nonnegative()).max(CURVE_BINS).optional(),
      inputBytes: z.number().nonnegative().optional(),
    }),
    'task-requeued': ofTask,
    'task-finished': ofTask,
    'group-grew': ofTask.extend({
      group: z.string(),
      beforeBytes: z.number(),
      nowBytes: z.number(),
      growthPct: z.number(),
      limitPct: z.number(),
    }),
    'inputs-measured': ofTask,
    'task-held': ofTask,
    'task-released': ofTask,
    'cancel-requested': ofTask.extend({ times: z.number().int().positive() }),
    'run-resumed': z.looseObject({
      pid: z.number(),
      bootId: z.string(),
      tier: z.enum(['cgroup', 'hybrid', 'procfs']),
    }),
    'config-changed': z.looseObject({
      key: z.string(),
      before: z.string(),
      after: z.string(),
      config: z.looseObject({}),
    }),
  };
});

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
  const keys = keysByKind()[known.data.kind]?.safeParse(value);
  if (keys?.success === false)
    return err(`a damaged "${known.data.kind}" event: ${issues(keys.error)}`);
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
    .map((issue) => `${issue.path.join('.') || 'the line'}: ${issue.message}`)
    .join('; ');
}
