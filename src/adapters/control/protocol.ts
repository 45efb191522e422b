import { z } from 'zod';
import type { CommandDone } from '../../core/command.js';
import { once } from '../../util/once.js';
import { err, ok, type Result } from '../../util/result.js';

/** Raised when a client or a run of the older version would misread the newer one. */
export const CONTROL_VERSION = 1;

/** A longer request is refused unread. No task's name comes near it. */
export const MAX_REQUEST_BYTES = 64 * 1024;

const NAME_MAX_CHARS = 4096;

const request = once(() => {
  const name = z.string().min(1).max(NAME_MAX_CHARS);
  return z.discriminatedUnion('do', [
    z.strictObject({
      v: z.literal(CONTROL_VERSION),
      do: z.enum(['hold', 'release', 'cancel']),
      /** Absent: the run as a whole. */
      task: name.optional(),
    }),
    z.strictObject({
      v: z.literal(CONTROL_VERSION),
      do: z.literal('set'),
      key: name,
      value: z.string().max(NAME_MAX_CHARS),
    }),
  ]);
});

/** What the user tells a live run; one JSON object a line. */
export type ControlRequest = z.infer<ReturnType<typeof request>>;

/** What came of a request; one JSON object a line, in the order of the requests. */
export type ControlResponse =
  | {
      readonly v: typeof CONTROL_VERSION;
      readonly ok: true;
      /** A sentence for the user. */
      readonly text: string;
      readonly reply: CommandDone;
    }
  | { readonly v: typeof CONTROL_VERSION; readonly ok: false; readonly error: string };

/** A request that was not done, and why: a sentence for the user. */
export function refusal(error: string): ControlResponse {
  return { v: CONTROL_VERSION, ok: false, error };
}

/**
 * Reads one line from a client.
 *
 * @returns the request, or what is wrong with the line.
 */
export function parseRequest(line: string): Result<ControlRequest, string> {
  const value = parseJson(line);
  if (value === undefined) return err('a request is one JSON object a line, and this is none');
  const version = z.looseObject({ v: z.number() }).safeParse(value);
  if (!version.success) return err(`a request tells its version: {"v":${CONTROL_VERSION},…}`);
  if (version.data.v !== CONTROL_VERSION)
    return err(
      `this run speaks version ${CONTROL_VERSION} of the control protocol, not ${version.data.v}: use the memsched that runs it`,
    );
  const parsed = request().safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return err(
    `not a request: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'something else'}; what there is: hold, release and cancel with or without "task", set with "key" and "value"`,
  );
}

const response = once(() =>
  z.union([
    z.looseObject({
      v: z.number(),
      ok: z.literal(true),
      text: z.string(),
      reply: z.looseObject({ kind: z.string() }),
    }),
    z.looseObject({ v: z.number(), ok: z.literal(false), error: z.string() }),
  ]),
);

/** Reads one line from a run; undefined when it is not an answer. */
export function parseResponse(line: string): ControlResponse | undefined {
  const parsed = response().safeParse(parseJson(line));
  return parsed.success ? (parsed.data as ControlResponse) : undefined;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
