import { rmSync } from 'node:fs';
import { ControlServer } from '../adapters/control/control-server.js';
import {
  CONTROL_VERSION,
  refusal,
  type ControlRequest,
  type ControlResponse,
} from '../adapters/control/protocol.js';
import type { HostFacts } from '../adapters/jobfile/config.js';
import { changeConfig } from '../adapters/jobfile/change-config.js';
import type { RunFolder } from '../adapters/journal/run-folder.js';
import { isRefused, type Command } from '../core/command.js';
import { replyWords } from '../reporters/words-commands.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { present } from '../util/assert.js';
import { err, ok, type Result } from '../util/result.js';
import { UsageError } from './errors.js';
import { findTask } from './find-task.js';

/** What lets others control a run. */
export interface ControlOrder {
  readonly supervisor: Supervisor;
  readonly folder: RunFolder;
  /** What relative values refer to. */
  readonly host: HostFacts;
  readonly warn: (sentence: string) => void;
}

/** A run that is over by then needs no socket, which costs a start some milliseconds; a client waits for longer. */
const LISTENS_AFTER_MS = 50;

/**
 * Supervises a run that can be controlled: its socket is opened a moment from now, and closed when the work is done; what
 * comes in becomes commands, and what came of them answers.
 */
export async function whileControlled<T>(order: ControlOrder, work: () => Promise<T>): Promise<T> {
  let opening: Promise<ControlServer> | undefined;
  const timer = setTimeout(() => {
    opening = openControl(order);
  }, LISTENS_AFTER_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    // The supervisor before may have died and left its socket.
    if (opening === undefined) rmSync(order.folder.controlSocketPath, { force: true });
    else (await opening).close();
  }
}

function openControl({ supervisor, folder, host, warn }: ControlOrder): Promise<ControlServer> {
  return ControlServer.open({
    socketPath: folder.controlSocketPath,
    warn,
    async handle(request) {
      const command = commandOf(request, { supervisor, folder, host });
      if (!command.ok) return refusal(command.error);
      return responseOf(await supervisor.command(command.value));
    },
  });
}

function responseOf(reply: Awaited<ReturnType<Supervisor['command']>>): ControlResponse {
  const text = replyWords(reply);
  return isRefused(reply) ? refusal(text) : { v: CONTROL_VERSION, ok: true, text, reply };
}

function commandOf(
  request: ControlRequest,
  { supervisor, folder, host }: Omit<ControlOrder, 'warn'>,
): Result<Command, string> {
  const { state } = supervisor;
  if (request.do === 'set') {
    const { config } = present(state.started, 'a run that is controlled has started');
    const change = changeConfig(config, request.key, request.value, host);
    return change.ok ? ok({ kind: 'set', ...change.value }) : change;
  }
  if (request.task === undefined) return ok({ kind: request.do });
  try {
    return ok({ kind: request.do, task: findTask({ state, folder }, request.task).spec.id });
  } catch (error) {
    if (error instanceof UsageError) return err(error.message);
    throw error;
  }
}
