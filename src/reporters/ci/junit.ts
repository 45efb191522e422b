import type { GroupGrew, RunEvent, TaskFinished } from '../../core/events.js';
import type { AttemptSample } from '../../core/observation.js';
import type { RunState } from '../../core/run-state.js';
import type { TaskId } from '../../core/task-spec.js';
import type { LogPaths } from '../../supervisor/ports.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { usedBytesIn } from '../peak.js';
import type { Reporter } from '../reporter.js';
import { growthWords } from '../words-growth.js';
import { memoryWords } from '../words-memory.js';
import { counted, isFailure } from '../words.js';
import { PacedDocument, type Document } from './document.js';
import {
  addAttempt,
  finishedCase,
  liveCase,
  newCase,
  queuedCase,
  seconds,
  type CaseFacts,
  type TestCase,
} from './junit-case.js';
import { tailText } from './tails.js';
import { XML_DECLARATION, xmlFrame, xmlText, type XmlNode } from './xml.js';

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
  readonly logs: LogPaths;
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

/** One job. */
interface Suite {
  readonly name: string;
  /** Of finished tasks, in the order in which they finished. */
  readonly cases: string[];
  readonly counts: Record<TestCase['result'], number>;
  /** Finished tasks without a test case of their own. */
  leftOut: number;
  attempts: number;
  preemptions: number;
  peakBytes: number;
  ranMs: number;
  cpuMs: number;
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
    close: (state) => paced.close(state),
  };
}

/** Collects what the document says: from the events, so that finished tasks need not stay in the state. */
class JunitReport {
  readonly #options: JunitOptions;
  readonly #suites = new Map<string, Suite>();
  readonly #open = new Map<TaskId, OpenCase>();
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
      case 'attempt-ended':
        this.#change(event.task, (facts) => {
          addAttempt(facts, event);
          if (event.verdict.kind === 'preempted') facts.preemptions += 1;
        });
        return;
      case 'task-finished':
        this.#finish(event, state);
        return;
      case 'group-grew':
        this.#grown.push(event);
        return;
      default:
        return;
    }
  }

  render(state: RunState, nowMs: number): readonly string[] {
    const unfinished = this.#unfinished(state, nowMs);
    const suites = [...this.#suites.values()].map((suite, id) =>
      this.#suitePieces(suite, unfinished.cases.get(suite) ?? [], id, state),
    );
    if (this.#grown.length > 0) suites.push(this.#growthPieces(suites.length, state));
    if (state.ended === undefined)
      suites.push(this.#endPieces(suites.length, unfinished.leftOut, state, nowMs));
    const { open, close } = xmlFrame('testsuites', {
      '@name': runName(state),
      ...sums(suites),
      '@time': seconds(nowMs),
    });
    return [XML_DECLARATION, open, ...suites.flatMap(({ pieces }) => pieces), close];
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
    suite.attempts += facts.attempts;
    suite.preemptions += facts.preemptions;
    suite.peakBytes = Math.max(suite.peakBytes, facts.peakBytes);
    suite.ranMs += facts.ranMs;
    suite.cpuMs += facts.cpuMs;
    if (event.outcome === 'succeeded' && this.#cases >= CASES_MAX) {
      suite.leftOut += 1;
      return;
    }
    const { result, xml } = finishedCase(facts, event, this.#tailOf(event, facts, state));
    this.#cases += 1;
    suite.cases.push(xml);
    suite.counts[result] += 1;
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

  #suitePieces(
    suite: Suite,
    unfinished: readonly TestCase[],
    id: number,
    state: RunState,
  ): SuitePieces {
    const counts = { ...suite.counts };
    for (const { result } of unfinished) counts[result] += 1;
    const { open, close } = xmlFrame('testsuite', {
      ...this.#suiteAttributes(suite.name, id, state),
      ...countAttributes(counts),
      '@time': seconds(suite.ranMs),
      properties: { property: this.#properties(suite, state) },
    });
    return { counts, pieces: [open, ...suite.cases, ...unfinished.map(({ xml }) => xml), close] };
  }

  #suiteAttributes(name: string, id: number, { started }: RunState): XmlNode {
    return {
      '@id': id,
      '@name': printable(name),
      '@package': started === undefined ? '' : printable(started.config.name),
      '@timestamp': new Date(started?.startedAtMs ?? 0).toISOString().slice(0, 19),
      '@hostname': this.#options.hostname,
    };
  }

  #properties(suite: Suite, { started, budget }: RunState): readonly XmlNode[] {
    const values = {
      run: printable(started?.runId ?? ''),
      tier: started?.tier ?? '',
      budget_bytes: budget?.budgetBytes ?? 0,
      run_peak_bytes: this.#runPeakBytes,
      task_peak_bytes: suite.peakBytes,
      cpu_seconds: seconds(suite.cpuMs),
      attempts: suite.attempts,
      preemptions: suite.preemptions,
      ...(suite.leftOut === 0 ? {} : { succeeded_and_left_out: suite.leftOut }),
    };
    return Object.entries(values).map(([name, value]) => ({ '@name': name, '@value': value }));
  }

  #growthPieces(id: number, state: RunState): SuitePieces {
    const counts = { ...NO_CASES, failure: this.#grown.length };
    const cases = this.#grown.map((event) =>
      xmlText('testcase', {
        '@name': printable(event.group),
        '@classname': 'max_growth',
        '@time': seconds(0),
        failure: { '@type': 'group-grew', '@message': growthWords(event) },
      }),
    );
    return this.#ownSuite('max_growth', id, state, counts, cases);
  }

  /** While the run goes on: an error that only its end takes away. */
  #endPieces(id: number, leftOut: number, state: RunState, nowMs: number): SuitePieces {
    const more = leftOut === 0 ? '' : `; ${counted(leftOut, 'more task')} waited`;
    const message = `the run was not over when this was last written, ${formatDuration(nowMs)} after its start${more}`;
    const one = xmlText('testcase', {
      '@name': 'the end of the run',
      '@classname': 'memsched',
      '@time': seconds(0),
      error: { '@type': 'unfinished', '@message': message, '#text': lastLookWords(state) },
    });
    return this.#ownSuite('memsched', id, state, { ...NO_CASES, error: 1 }, [one]);
  }

  #ownSuite(
    name: string,
    id: number,
    state: RunState,
    counts: CaseCounts,
    cases: readonly string[],
  ): SuitePieces {
    const { open, close } = xmlFrame('testsuite', {
      ...this.#suiteAttributes(name, id, state),
      ...countAttributes(counts),
      '@time': seconds(0),
    });
    return { counts, pieces: [open, ...cases, close] };
  }
}

type CaseCounts = Readonly<Record<TestCase['result'], number>>;

const NO_CASES: CaseCounts = { passed: 0, failure: 0, error: 0, skipped: 0 };

interface Unfinished {
  readonly cases: ReadonlyMap<Suite, readonly TestCase[]>;
  /** Waiting tasks without a case. */
  readonly leftOut: number;
}

interface SuitePieces {
  readonly counts: CaseCounts;
  readonly pieces: readonly string[];
}

function newSuite(name: string): Suite {
  return {
    name,
    cases: [],
    counts: { ...NO_CASES },
    leftOut: 0,
    attempts: 0,
    preemptions: 0,
    peakBytes: 0,
    ranMs: 0,
    cpuMs: 0,
  };
}

function sampleOf(
  { task, attempts }: CaseFacts,
  samples: ReadonlyMap<TaskId, AttemptSample>,
): AttemptSample | undefined {
  const sample = samples.get(task);
  return sample?.attempt === attempts ? sample : undefined;
}

function lastLookWords({ lastSample }: RunState): string {
  return lastSample === undefined
    ? 'memory had not been looked at yet'
    : `level ${lastSample.level}: ${memoryWords(lastSample.numbers)}`;
}

function countAttributes(counts: CaseCounts): XmlNode {
  const { failure, error, skipped } = counts;
  return {
    '@tests': testsOf(counts),
    '@failures': failure,
    '@errors': error,
    '@skipped': skipped,
  };
}

function testsOf({ passed, failure, error, skipped }: CaseCounts): number {
  return passed + failure + error + skipped;
}

function sums(suites: readonly SuitePieces[]): XmlNode {
  const of = (count: (counts: CaseCounts) => number): number =>
    suites.reduce((sum, { counts }) => sum + count(counts), 0);
  return {
    '@tests': of(testsOf),
    '@failures': of(({ failure }) => failure),
    '@errors': of(({ error }) => error),
  };
}

function runName({ started }: RunState): string {
  return started === undefined
    ? 'memsched'
    : `memsched ${printable(started.config.name)}`.trimEnd();
}
