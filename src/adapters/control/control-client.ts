import { connect } from 'node:net';
import { err, ok, type Result } from '../../util/result.js';
import { describeError, errorCode } from '../../util/system-error.js';
import { LineBuffer } from './line-buffer.js';
import { parseResponse, type ControlRequest, type ControlResponse } from './protocol.js';
import { shortPathOf, type ShortPath } from './socket-folder.js';

/**
 * A run answers with its next tick; a host that is short of everything gets this much longer. It holds for the whole
 * answer, however it comes in.
 */
const ANSWER_WITHIN_MS = 10_000;
/** Answers are sentences. */
const MAX_RESPONSE_BYTES = 1024 * 1024;

/** Why a request got no answer; the last is a sentence. */
export type NoAnswer =
  /** There is no socket: none was ever made, or the run has taken it away. */
  | { readonly kind: 'no-socket' }
  /** There is one, and nobody behind it. */
  | { readonly kind: 'nobody-listens' }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Sends one request to a run and waits for the answer.
 *
 * @param withinMs - for the answer; replaceable for tests.
 */
export async function sendRequest(
  socketPath: string,
  request: ControlRequest,
  withinMs = ANSWER_WITHIN_MS,
): Promise<Result<ControlResponse, NoAnswer>> {
  let short: ShortPath;
  try {
    short = shortPathOf(socketPath);
  } catch (error) {
    return err(whyNot(error));
  }
  try {
    return await ask(short.path, `${JSON.stringify(request)}\n`, withinMs);
  } finally {
    short.close();
  }
}

function ask(
  path: string,
  line: string,
  withinMs: number,
): Promise<Result<ControlResponse, NoAnswer>> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const buffer = new LineBuffer(MAX_RESPONSE_BYTES);
    const settle = (result: Result<ControlResponse, NoAnswer>): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(result);
    };
    const fail = (why: string): void => {
      settle(err({ kind: 'failed', why }));
    };
    const deadline = setTimeout(() => {
      fail(`the run did not answer within ${withinMs / 1000}s`);
    }, withinMs);
    socket.on('error', (error) => {
      settle(err(whyNot(error)));
    });
    socket.on('end', () => {
      fail('the run ended before it answered');
    });
    socket.on('data', (chunk: Buffer) => {
      const lines = buffer.push(chunk);
      if (lines.length === 0) return;
      const response = lines === 'too-long' ? undefined : parseResponse(lines[0] ?? '');
      if (response === undefined) fail('its answer makes no sense to this version of memsched');
      else settle(ok(response));
    });
    socket.write(line);
  });
}

function whyNot(error: unknown): NoAnswer {
  const code = errorCode(error);
  if (code === 'ENOENT') return { kind: 'no-socket' };
  if (code === 'ECONNREFUSED') return { kind: 'nobody-listens' };
  return { kind: 'failed', why: describeError(error) };
}
