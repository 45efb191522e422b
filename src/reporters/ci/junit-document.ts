import type { GroupGrew } from '../../core/events.js';
import type { RunState } from '../../core/run-state.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { growthWords } from '../words-growth.js';
import { memoryWords } from '../words-memory.js';
import { counted } from '../words.js';
import { seconds, type TestCase } from './junit-case.js';
import { XML_DECLARATION, xmlFrame, xmlText, type XmlNode } from './xml.js';

/** One job, by its tasks that are finished. */
export interface Suite {
  readonly name: string;
  /** In the order in which they finished. */
  readonly cases: string[];
  readonly counts: Record<TestCase['result'], number>;
  /** Finished tasks without a test case of their own. */
  leftOut: number;
  attempts: number;
  preemptions: number;
  checkpoints: number;
  /** Work that was thrown away by preemptions. */
  lostMs: number;
  peakBytes: number;
  ranMs: number;
  cpuMs: number;
}

type CaseCounts = Readonly<Record<TestCase['result'], number>>;

const NO_CASES: CaseCounts = { passed: 0, failure: 0, error: 0, skipped: 0 };

/** A job of which nobody is finished. */
export function newSuite(name: string): Suite {
  return {
    name,
    cases: [],
    counts: { ...NO_CASES },
    leftOut: 0,
    attempts: 0,
    preemptions: 0,
    checkpoints: 0,
    lostMs: 0,
    peakBytes: 0,
    ranMs: 0,
    cpuMs: 0,
  };
}

/** The cases of tasks that are not finished. */
export interface Unfinished {
  readonly cases: ReadonlyMap<Suite, readonly TestCase[]>;
  /** Waiting tasks without a case. */
  readonly leftOut: number;
}

/** Everything that a document tells. */
export interface JunitContent {
  readonly state: RunState;
  /** When, milliseconds after the start of the run. */
  readonly nowMs: number;
  readonly hostname: string;
  readonly runPeakBytes: number;
  readonly suites: readonly Suite[];
  readonly unfinished: Unfinished;
  readonly grown: readonly GroupGrew[];
}

interface SuitePieces {
  readonly counts: CaseCounts;
  readonly pieces: readonly string[];
}

/**
 * A JUnit report in pieces: a suite for each job, one for groups that outgrew their profiles, and while the run goes on
 * one that only its end takes away.
 */
export function junitDocument(content: JunitContent): readonly string[] {
  const { state, nowMs, unfinished, grown } = content;
  const suites = content.suites.map((suite, id) =>
    jobPieces(suite, unfinished.cases.get(suite) ?? [], id, content),
  );
  if (grown.length > 0) suites.push(growthPieces(suites.length, content));
  if (state.ended === undefined) suites.push(endPieces(suites.length, content));
  const { open, close } = xmlFrame('testsuites', {
    '@name': runName(state),
    ...sums(suites),
    '@time': seconds(nowMs),
  });
  return [XML_DECLARATION, open, ...suites.flatMap(({ pieces }) => pieces), close];
}

function jobPieces(
  suite: Suite,
  unfinished: readonly TestCase[],
  id: number,
  content: JunitContent,
): SuitePieces {
  const counts = { ...suite.counts };
  for (const { result } of unfinished) counts[result] += 1;
  const { open, close } = xmlFrame('testsuite', {
    ...suiteAttributes(suite.name, id, content),
    ...countAttributes(counts),
    '@time': seconds(suite.ranMs),
    properties: { property: properties(suite, content) },
  });
  return { counts, pieces: [open, ...suite.cases, ...unfinished.map(({ xml }) => xml), close] };
}

function properties(suite: Suite, { state, runPeakBytes }: JunitContent): readonly XmlNode[] {
  const values = {
    run: printable(state.started?.runId ?? ''),
    tier: state.started?.tier ?? '',
    budget_bytes: state.budget?.budgetBytes ?? 0,
    run_peak_bytes: runPeakBytes,
    task_peak_bytes: suite.peakBytes,
    cpu_seconds: seconds(suite.cpuMs),
    attempts: suite.attempts,
    preemptions: suite.preemptions,
    lost_seconds: seconds(suite.lostMs),
    ...(suite.checkpoints === 0 ? {} : { checkpoints: suite.checkpoints }),
    ...(suite.leftOut === 0 ? {} : { succeeded_and_left_out: suite.leftOut }),
  };
  return Object.entries(values).map(([name, value]) => ({ '@name': name, '@value': value }));
}

function growthPieces(id: number, content: JunitContent): SuitePieces {
  const { grown } = content;
  const cases = grown.map((event) =>
    xmlText('testcase', {
      '@name': printable(event.group),
      '@classname': 'max_growth',
      '@time': seconds(0),
      failure: { '@type': 'group-grew', '@message': growthWords(event) },
    }),
  );
  return ownPieces('max_growth', id, content, { ...NO_CASES, failure: grown.length }, cases);
}

function endPieces(id: number, content: JunitContent): SuitePieces {
  const { state, nowMs, unfinished } = content;
  const more =
    unfinished.leftOut === 0 ? '' : `; ${counted(unfinished.leftOut, 'more task')} waited`;
  const message = `the run was not over when this was last written, ${formatDuration(nowMs)} after its start${more}`;
  const one = xmlText('testcase', {
    '@name': 'the end of the run',
    '@classname': 'memsched',
    '@time': seconds(0),
    error: { '@type': 'unfinished', '@message': message, '#text': lastLookWords(state) },
  });
  return ownPieces('memsched', id, content, { ...NO_CASES, error: 1 }, [one]);
}

function lastLookWords({ lastSample }: RunState): string {
  return lastSample === undefined
    ? 'memory had not been looked at yet'
    : `level ${lastSample.level}: ${memoryWords(lastSample.numbers)}`;
}

/** A suite that is no job. */
function ownPieces(
  name: string,
  id: number,
  content: JunitContent,
  counts: CaseCounts,
  cases: readonly string[],
): SuitePieces {
  const { open, close } = xmlFrame('testsuite', {
    ...suiteAttributes(name, id, content),
    ...countAttributes(counts),
    '@time': seconds(0),
  });
  return { counts, pieces: [open, ...cases, close] };
}

function suiteAttributes(
  name: string,
  id: number,
  { state: { started }, hostname }: JunitContent,
): XmlNode {
  return {
    '@id': id,
    '@name': printable(name),
    '@package': started === undefined ? '' : printable(started.config.name),
    '@timestamp': new Date(started?.startedAtMs ?? 0).toISOString().slice(0, 19),
    '@hostname': hostname,
  };
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
