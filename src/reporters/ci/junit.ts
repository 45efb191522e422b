import type { GroupGrew, RunEvent, TaskFinished } from '../../core/events.js';
import type { AttemptSample } from '../../core/observation.js';
import type { RunState } from '../../core/run-state.js';
import type { TaskId } from '../../core/task-spec.js';
import type { QuotedLogs } from '../output-masks.js';
import { printable } from '../../util/printable.js';
import { isPreemption } from '../../core/verdict.js';
import { usedBytesIn } from '../peak.js';
import type { Reporter } from '../reporter.js';
import { isFailure } from '../words.js';
import { PACED_TICK_MS, PacedDocument, type Document } from './document.js';
import {
  addAttempt,
  finishedCase,
  liveCase,
  newCase,
  queuedCase,
  type CaseFacts,
  type TestCase,
} from './junit-case.js';
import { junitDocument, newSuite, type Suite, type Unfinished } from './junit-document.js';
import { tailText } from './tails.js';

/** Of more tasks, those that succeeded have no test case: GitLab takes half a million, and a reader far less. */
const CASES_MAX = 100_000;
/** Jobs with a suite of their own; all further ones share one, as making a version must not take long. */
const SUITES_MAX = 500;
const FURTHER_JOBS = 'further jobs';
/** Waiting tasks that a version of an unfinished run lists; the others are counted. */
const WAITING_MAX = 1_000;
/** The end of a failed task's output that is quoted, and how much of that altogether, characters. */
const TAIL = { lines: 50, characters: 16 * 1024 };
const TAILS_MAX_CHARACTERS = 8 * 1024 * 1024;

/** What the JUnit reporter is made of. */
export interface JunitOptions {
  readonly document: Document;
  readonly logs: QuotedLogs;
  /** Of this machine. */
  readonly hostname: string;
  /** Told once when the file cannot be written. */
  readonly onTrouble: (error: unknown) => void;
}

/** A task that is not finished. */
interface OpenCase {
  readonly facts: CaseFacts;
  readonly suite: Suite;
  /** While it waits: the same until something happens to it. */
  waiting: TestCase | undefined;
}

/** A task that is finished and has not succeeded: the run may be resumed, and it run again. */
interface UnsuccessfulCase {
  readonly facts: CaseFacts;
  readonly suite: Suite;
  readonly result: TestCase['result'];
  /** Where its case stands in the suite. */
  readonly place: number;
}

/**
 * `--junit`: a suite for each job, a test case for each task, valid at every moment of the run. Tasks that are not
 * finished yet stand in it as errors or skipped, so that a file which nobody came to finish never looks like success.
 */
export function createJunitReporter(options: JunitOptions): Reporter {
  const report = new JunitReport(options);
  const paced = new PacedDocument({
    document: options.document,
    render: (state, nowMs) => report.render(state, nowMs),
    onTrouble: options.onTrouble,
  });
  return {
    event(event, state) {
      report.event(event, state);
      paced.touch();
    },
    tick(state, nowMs) {
      paced.tick(state, nowMs);
    },
    tickEveryMs: PACED_TICK_MS,
    close: (state) => paced.close(state),
  };
}

/** Collects what the document says: from the events, so that finished tasks need not stay in the state. */
class JunitReport {
  readonly #options: JunitOptions;
  readonly #suites = new Map<string, Suite>();
  readonly #open = new Map<TaskId, OpenCase>();
  readonly #unsuccessful = new Map<TaskId, UnsuccessfulCase>();
  readonly #grown: GroupGrew[] = [];
  #runPeakBytes = 0;
  #cases = 0;
  #tailCharacters = 0;

  constructor(options: JunitOptions) {
    this.#options = options;
  }

  event(event: RunEvent, state: RunState): void {
    this.#runPeakBytes = Math.max(this.#runPeakBytes, usedBytesIn(event));
    switch (event.kind) {
      case 'task-planned':
        this.#open.set(event.spec.id, {
          facts: newCase(event.spec.id, event.spec.job),
          suite: this.#suiteOf(event.spec.job),
          waiting: undefined,
        });
        return;
      case 'attempt-admitted':
        this.#change(event.task, (facts) => {
          facts.attempts = event.attempt;
          facts.admittedAtMs = event.tMs;
        });
        return;
      case 'attempt-suspended':
        this.#change(event.task, (facts) => {
          facts.suspensions += 1;
        });
        return;
      case 'attempt-ended':
        this.#change(event.task, (facts) => {
          addAttempt(facts, event);
          if (isPreemption(event.verdict)) facts.preemptions += 1;
        });
        return;
      case 'checkpoint-made':
        this.#change(event.task, (facts) => {
          facts.checkpoints += 1;
        });
        return;
      case 'task-finished':
        this.#finish(event, state);
        return;
      case 'group-grew':
        this.#grown.push(event);
        return;
      case 'run-resumed':
        this.#grown.length = 0;
        this.#reopen(state);
        return;
      default:
        return;
    }
  }

  render(state: RunState, nowMs: number): readonly string[] {
    return junitDocument({
      state,
      nowMs,
      hostname: this.#options.hostname,
      runPeakBytes: this.#runPeakBytes,
      suites: [...this.#suites.values()],
      unfinished: this.#unfinished(state, nowMs),
      grown: this.#grown,
    });
  }

  #suiteOf(job: string): Suite {
    const name = this.#suites.has(job) || this.#suites.size < SUITES_MAX ? job : FURTHER_JOBS;
    const suite = this.#suites.get(name) ?? newSuite(name);
    this.#suites.set(name, suite);
    return suite;
  }

  #change(task: TaskId, change: (facts: CaseFacts) => void): void {
    const open = this.#open.get(task);
    if (open === undefined) return;
    change(open.facts);
    open.waiting = undefined;
  }

  #finish(event: TaskFinished, state: RunState): void {
    const open = this.#open.get(event.task);
    if (open === undefined) return;
    this.#open.delete(event.task);
    const { facts, suite } = open;
    count(suite, facts, 1);
    suite.peakBytes = Math.max(suite.peakBytes, facts.peakBytes);
    if (event.outcome === 'succeeded' && this.#cases >= CASES_MAX) {
      suite.leftOut += 1;
      return;
    }
    const { result, xml } = finishedCase(facts, event, this.#tailOf(event, facts, state));
    this.#cases += 1;
    if (event.outcome !== 'succeeded')
      this.#unsuccessful.set(event.task, { facts, suite, result, place: suite.cases.length });
    suite.cases.push(xml);
    suite.counts[result] += 1;
  }

  /** Takes back what was said of tasks that are to run again. */
  #reopen({ tasks }: RunState): void {
    for (const [task, { facts, suite, result, place }] of this.#unsuccessful) {
      if (tasks.get(task)?.phase.kind === 'finished') continue;
      this.#unsuccessful.delete(task);
      this.#cases -= 1;
      count(suite, facts, -1);
      suite.cases[place] = '';
      suite.counts[result] -= 1;
      this.#open.set(task, { facts, suite, waiting: undefined });
    }
  }

  #tailOf({ task, outcome }: TaskFinished, { attempts }: CaseFacts, state: RunState): string {
    if (!isFailure(outcome)) return '';
    if (this.#tailCharacters >= TAILS_MAX_CHARACTERS)
      return `(for its output: memsched logs ${state.started?.runId ?? 'latest'} ${printable(task)})`;
    const tail = tailText(this.#options.logs, task, attempts, TAIL);
    this.#tailCharacters += tail.length;
    return tail;
  }

  /** The cases of tasks that are not finished; of those that wait, the first ones. */
  #unfinished(state: RunState, nowMs: number): Unfinished {
    const samples = new Map((state.lastSample?.attempts ?? []).map((one) => [one.task, one]));
    const cases = new Map<Suite, TestCase[]>();
    let waiting = 0;
    for (const open of this.#open.values()) {
      const { facts, suite } = open;
      const isLive = state.live.has(facts.task);
      if (!isLive) waiting += 1;
      if (!isLive && waiting > WAITING_MAX) continue;
      const one = isLive
        ? liveCase(facts, sampleOf(facts, samples), nowMs)
        : (open.waiting ??= queuedCase(facts));
      const ofSuite = cases.get(suite) ?? [];
      cases.set(suite, ofSuite);
      ofSuite.push(one);
    }
    return { cases, leftOut: Math.max(0, waiting - WAITING_MAX) };
  }
}

/** Adds to the sums of a suite what its task has come to, or takes it away. */
function count(suite: Suite, facts: CaseFacts, sign: 1 | -1): void {
  suite.attempts += sign * facts.attempts;
  suite.preemptions += sign * facts.preemptions;
  suite.checkpoints += sign * facts.checkpoints;
  suite.lostMs += sign * facts.lostMs;
  suite.ranMs += sign * facts.ranMs;
  suite.cpuMs += sign * facts.cpuMs;
}

function sampleOf(
  { task, attempts }: CaseFacts,
  samples: ReadonlyMap<TaskId, AttemptSample>,
): AttemptSample | undefined {
  const sample = samples.get(task);
  return sample?.attempt === attempts ? sample : undefined;
}
