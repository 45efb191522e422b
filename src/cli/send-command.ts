import { setTimeout as sleep } from 'node:timers/promises';
import { sendRequest, type NoAnswer } from '../adapters/control/control-client.js';
import type { ControlRequest, ControlResponse } from '../adapters/control/protocol.js';
import type { RunFolder } from '../adapters/journal/run-folder.js';
import { openRunStore } from '../adapters/journal/run-store.js';
import { livenessOf } from '../adapters/journal/supervisor-mark.js';
import { UsageError } from './errors.js';
import { findRun } from './past-run.js';
import { print } from './print.js';
import { printableJson, printableLines } from '../util/printable.js';

/** Options that all commands to a live run share. */
export interface CommandOptions {
  readonly json?: true;
}

/**
 * Tells a live run something and prints what came of it.
 *
 * @throws UsageError when it was not done, and why.
 */
export async function command(
  run: string,
  request: ControlRequest,
  { json }: CommandOptions,
): Promise<void> {
  const response = await tellRun(findRun(run), request);
  if (!response.ok) throw new UsageError(response.error);
  await print(json === true ? printableJson(response.reply) : printableLines(response.text));
}

/**
 * Sends a request to the run of this folder.
 *
 * @throws UsageError when nobody is there to answer, and why.
 */
export async function tellRun(
  folder: RunFolder,
  request: ControlRequest,
): Promise<ControlResponse> {
  const liveness = livenessOf(folder);
  if (liveness.kind === 'over') throw new UsageError(overWords(folder));
  const answer = await askPatiently(folder, request);
  if (answer.ok) return answer.value;
  throw new UsageError(noAnswerWords(answer.error, folder, liveness.kind === 'elsewhere'));
}

/** A run that has just begun, or goes on, does not listen yet; the socket of who is dead may still be there. */
const LISTENS_WITHIN_MS = 1000;
const KNOCK_EVERY_MS = 20;
const NOT_YET: readonly NoAnswer['kind'][] = ['no-socket', 'nobody-listens'];

async function askPatiently(
  folder: RunFolder,
  request: ControlRequest,
): ReturnType<typeof sendRequest> {
  const deadlineMs = performance.now() + LISTENS_WITHIN_MS;
  for (;;) {
    const answer = await sendRequest(folder.controlSocketPath, request);
    if (answer.ok || !NOT_YET.includes(answer.error.kind) || performance.now() > deadlineMs)
      return answer;
    if (livenessOf(folder).kind !== 'live') return answer;
    await sleep(KNOCK_EVERY_MS);
  }
}

/** Runs among which those are looked for that the user may have meant. */
const NEWEST = 20;

function overWords({ runId }: RunFolder): string {
  const live = openRunStore()
    .list()
    .slice(0, NEWEST)
    .filter((folder) => livenessOf(folder).kind === 'live');
  const meant =
    live.length === 0 ? 'no run is' : `these are: ${live.map((folder) => folder.runId).join(', ')}`;
  return `run ${runId} is not under way any more, and ${meant}; memsched show ${runId} tells what became of it`;
}

function noAnswerWords(answer: NoAnswer, folder: RunFolder, isElsewhere: boolean): string {
  const { runId } = folder;
  if (answer.kind === 'failed') return `run ${runId} cannot be reached: ${answer.why}`;
  if (isElsewhere)
    return `run ${runId} is supervised in another container, or was when that ended, and nobody answers from here`;
  // It may have ended between the look at its mark and the knock at its door.
  if (livenessOf(folder).kind === 'over') return overWords(folder);
  return answer.kind === 'no-socket'
    ? `run ${runId} does not listen: it is about to begin or to end, or its folder has no place for sockets; a signal reaches it all the same`
    : `run ${runId} does not listen: the socket ${folder.controlSocketPath} is one that nobody stands behind`;
}
