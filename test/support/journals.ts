import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJournal } from '../../src/adapters/journal/journal-reader.js';
import { evolve } from '../../src/core/evolve.js';
import type { RunEvent } from '../../src/core/events.js';
import { emptyRunState, type RunState } from '../../src/core/run-state.js';
import type { Document } from '../../src/reporters/ci/document.js';
import type { Reporter } from '../../src/reporters/reporter.js';
import type { LogPaths } from '../../src/supervisor/ports.js';

const FOLDER = fileURLToPath(new URL('../../fixtures/journals/', import.meta.url));

/** Names of the recorded journals. */
export function journalNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => file.slice(0, -'.jsonl'.length));
}

/** Path of a recorded journal. */
export function journalPath(name: string): string {
  return `${FOLDER}${name}.jsonl`;
}

/** Events of a recorded journal. */
export function recorded(name: string): RunEvent[] {
  return [...readJournal(journalPath(name))];
}

/** The state after those events of a recorded journal that came before `untilMs`. */
export function stateAt(name: string, untilMs = Infinity): RunState {
  const state = emptyRunState();
  for (const event of recorded(name)) if (event.tMs <= untilMs) evolve(state, event);
  return state;
}

/** Feeds a recorded journal to a reporter, as a run does: what it writes at a tick is written by the next. Closes it. */
export async function feed(reporter: Reporter, events: readonly RunEvent[]): Promise<RunState> {
  const state = emptyRunState();
  for (const event of events) {
    evolve(state, event);
    reporter.event(event, state);
    reporter.tick?.(state, event.tMs);
    await new Promise(setImmediate);
  }
  await reporter.close(state);
  return state;
}

/** The same for who only wants to see the end: no time goes by. */
export async function feedAtOnce(reporter: Reporter, events: readonly RunEvent[]): Promise<void> {
  const state = emptyRunState();
  for (const event of events) {
    evolve(state, event);
    reporter.event(event, state);
  }
  reporter.tick?.(state, events.at(-1)?.tMs ?? 0);
  await reporter.close(state);
}

/** An output that keeps what is written to it. */
export function textOutput(): {
  write(text: string): void;
  flush(): Promise<void>;
  text: () => string;
} {
  let all = '';
  return {
    write(text) {
      all += text;
    },
    flush: () => Promise.resolve(),
    text: () => all,
  };
}

/** Logs in a folder that holds nothing until the test writes there. */
export function logsIn(folder: string): LogPaths {
  return {
    pathsFor: (task, attempt) => ({
      stdoutPath: join(folder, `${task}.${attempt}.out`),
      stderrPath: join(folder, `${task}.${attempt}.err`),
    }),
  };
}

/** Writes what the first attempt of a task wrote, for {@link logsIn}. */
export function writeStderr(folder: string, task: string, content: string | Uint8Array): void {
  writeFileSync(join(folder, `${task}.1.err`), content);
}

/** A document that keeps its versions. */
export function textDocument(): Document & { readonly versions: string[] } {
  const versions: string[] = [];
  return {
    versions,
    replace(pieces) {
      versions.push(pieces.join(''));
      return Promise.resolve();
    },
  };
}
