import type {
  AttemptRef,
  AttemptSample,
  Fact,
  HostSample,
  Observation,
  Rest,
} from '../core/observation.js';
import type { StartFault } from '../core/outcome.js';
import type { RunState } from '../core/run-state.js';
import { liveAttemptOf } from '../core/tick.js';
import { CheckpointWatch } from './checkpoint-watch.js';
import type { CheckpointFolders, LogKeeper, TaskHost } from './ports.js';

/** A tick that comes sooner after a look at every attempt than this uses what was seen then. */
const FRESH_FOR_MS = 25;
/** The same for the look at the machine, unless the kernel gave notice since: many short tasks make many ticks. */
const HOST_FRESH_FOR_MS = 10;

interface Leaving {
  readonly ref: AttemptRef;
  /** Why it could not be started; absent when it was. */
  readonly fault?: StartFault;
}

/** What has happened since the last tick: callbacks put in, the tick takes out. */
export class Inbox {
  readonly #facts: Fact[] = [];
  /** Attempts whose main process is gone, or never was, and whose enclosure is not yet empty. */
  readonly #leaving = new Map<string, Leaving>();

  /** Takes a fact in; decisions about it are made in the next tick. */
  put(fact: Fact): void {
    this.#facts.push(fact);
    if (fact.kind === 'exited') this.awaitEmpty({ task: fact.task, attempt: fact.attempt });
  }

  /** An attempt whose main process is known to be gone: told once its enclosure is empty. */
  awaitEmpty(ref: AttemptRef): void {
    this.#leaving.set(ref.task, { ref });
  }

  /** Takes in that an attempt could not be started: told once its enclosure is cleared away, as an end is. */
  putFailedLaunch(ref: AttemptRef, fault: StartFault): void {
    this.#leaving.set(ref.task, { ref, fault });
  }

  /** All facts so far, and the attempts that have emptied since. */
  take(host: TaskHost): Fact[] {
    const facts = this.#facts.splice(0);
    for (const { ref, fault } of [...this.#leaving.values()]) {
      const tally = host.close(ref);
      if (tally === 'populated') continue;
      this.#leaving.delete(ref.task);
      facts.push(
        fault === undefined
          ? { kind: 'emptied', ...ref, tally }
          : { kind: 'launch-failed', ...ref, fault },
      );
    }
    return facts;
  }
}

/** Makes observations: one consistent look at the machine, our tasks and what happened. */
export class Observer {
  readonly #host: TaskHost;
  readonly #inbox: Inbox;
  readonly #logs: LogKeeper | undefined;
  readonly #checkpoints: CheckpointWatch;
  readonly #freshForMs: number;
  readonly #hostFreshForMs: number;
  #lookedAtMs = -Infinity;
  #lastHost: { readonly sample: HostSample; readonly atMs: number } | undefined;

  constructor(
    host: TaskHost,
    inbox: Inbox,
    checkpoints: Pick<CheckpointFolders, 'look'>,
    intervalMs: number,
    logs?: LogKeeper,
  ) {
    this.#checkpoints = new CheckpointWatch(checkpoints);
    this.#host = host;
    this.#inbox = inbox;
    this.#logs = logs;
    this.#freshForMs = Math.min(FRESH_FOR_MS, intervalMs / 2);
    this.#hostFreshForMs = Math.min(HOST_FRESH_FOR_MS, intervalMs / 2);
  }

  /** One look; times are milliseconds since the run started. */
  look(state: RunState, nowMs: number, rest?: Rest): Observation {
    const facts = this.#withLogs(this.#inbox.take(this.#host), state, nowMs);
    const host = this.#observeHost(nowMs);
    const checkpoints = this.#checkpoints.looks(state, facts, nowMs);
    const attempts = this.#attempts(state, nowMs);
    return {
      nowMs,
      ...(rest !== undefined && { rest }),
      facts,
      host,
      checkpoints,
      attempts,
    };
  }

  /** A log is told of before the end of its attempt is. */
  #withLogs(facts: readonly Fact[], state: RunState, nowMs: number): readonly Fact[] {
    const logs = this.#logs;
    if (logs === undefined) return facts;
    const ended = facts.filter((fact) => fact.kind === 'emptied' || fact.kind === 'launch-failed');
    const over = new Set(ended.map(({ task }) => task));
    const live = [...state.live.values()]
      .filter(({ spec }) => !over.has(spec.id))
      .map((record) => ({
        task: record.spec.id,
        attempt: record.attempts,
        sinceMs: liveAttemptOf(record)?.admittedAtMs ?? -Infinity,
      }));
    const last = ended.flatMap((ref) => logs.lookAtEnd(ref));
    return [...logs.look(live, nowMs), ...last, ...facts];
  }

  /** What was seen of the machine counts no more: the next look is a new one. */
  forgetHost(): void {
    this.#lastHost = undefined;
  }

  #observeHost(nowMs: number): HostSample {
    const last = this.#lastHost;
    if (last !== undefined && nowMs - last.atMs < this.#hostFreshForMs) return last.sample;
    const sample = this.#host.observe();
    this.#lastHost = { sample, atMs: nowMs };
    return sample;
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
