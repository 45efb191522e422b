import type { AttemptRef, AttemptSample, Fact, Observation } from '../core/observation.js';
import type { RunState } from '../core/run-state.js';
import type { TaskHost } from './ports.js';

/** A tick that comes sooner after a look at every attempt than this uses what was seen then. */
const FRESH_FOR_MS = 25;

interface Leaving {
  readonly ref: AttemptRef;
  /** Why it could not be started; absent when it was. */
  readonly error?: string;
}

/** What has happened since the last tick: callbacks put in, the tick takes out. */
export class Inbox {
  readonly #facts: Fact[] = [];
  /** Attempts whose main process is gone, or never was, and whose enclosure is not yet empty. */
  readonly #leaving = new Map<string, Leaving>();

  /** Takes a fact in; decisions about it are made in the next tick. */
  put(fact: Fact): void {
    this.#facts.push(fact);
    if (fact.kind === 'exited')
      this.#leaving.set(fact.task, { ref: { task: fact.task, attempt: fact.attempt } });
  }

  /** Takes in that an attempt could not be started: told once its enclosure is cleared away, as an end is. */
  putFailedLaunch(ref: AttemptRef, error: string): void {
    this.#leaving.set(ref.task, { ref, error });
  }

  /** All facts so far, and the attempts that have emptied since. */
  take(host: TaskHost): Fact[] {
    const facts = this.#facts.splice(0);
    for (const { ref, error } of [...this.#leaving.values()]) {
      const tally = host.close(ref);
      if (tally === 'populated') continue;
      this.#leaving.delete(ref.task);
      facts.push(
        error === undefined
          ? { kind: 'emptied', ...ref, tally }
          : { kind: 'launch-failed', ...ref, error },
      );
    }
    return facts;
  }
}

/** Makes observations: one consistent look at the machine, our tasks and what happened. */
export class Observer {
  readonly #host: TaskHost;
  readonly #inbox: Inbox;
  readonly #freshForMs: number;
  #lookedAtMs = -Infinity;

  constructor(host: TaskHost, inbox: Inbox, intervalMs: number) {
    this.#host = host;
    this.#inbox = inbox;
    this.#freshForMs = Math.min(FRESH_FOR_MS, intervalMs / 2);
  }

  /** One look; `nowMs` is milliseconds since the run started. */
  look(state: RunState, nowMs: number): Observation {
    const facts = this.#inbox.take(this.#host);
    const host = this.#host.observe();
    return { nowMs, facts, host, attempts: this.#attempts(state, nowMs) };
  }

  #attempts(state: RunState, nowMs: number): AttemptSample[] {
    if (nowMs - this.#lookedAtMs < this.#freshForMs) return [];
    this.#lookedAtMs = nowMs;
    const samples: AttemptSample[] = [];
    for (const record of state.live.values()) {
      const sample = this.#host.sample({ task: record.spec.id, attempt: record.attempts });
      if (sample !== undefined) samples.push(sample);
    }
    return samples;
  }
}
