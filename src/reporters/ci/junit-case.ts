import type { AttemptEnded, TaskFinished } from '../../core/events.js';
import type { AttemptSample } from '../../core/observation.js';
import { isPreemption } from '../../core/verdict.js';
import { unreachable } from '../../util/assert.js';
import { formatBytes } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { peakSeen } from '../views/task-facts.js';
import { counted, verdictWords } from '../words.js';
import { whyFinished } from './tally.js';
import { xmlText, type XmlNode } from './xml.js';

/** Attempts of one task that are told of. */
const ATTEMPTS_TOLD = 10;

/** What a test case tells of a task: collected from its events. */
export interface CaseFacts {
  readonly task: string;
  readonly job: string;
  attempts: number;
  preemptions: number;
  suspensions: number;
  checkpoints: number;
  /** Work that was thrown away by preemptions. */
  lostMs: number;
  peakBytes: number;
  /** Of attempts that are over. */
  ranMs: number;
  cpuMs: number;
  /** When the latest attempt was let in, milliseconds after the start of the run. */
  admittedAtMs: number | undefined;
  /** The latest that ended. */
  last: AttemptEnded | undefined;
  /** How the first ones ended, in words. */
  readonly told: string[];
}

/** A task that has only been planned. */
export function newCase(task: string, job: string): CaseFacts {
  return {
    task,
    job,
    attempts: 0,
    preemptions: 0,
    suspensions: 0,
    checkpoints: 0,
    lostMs: 0,
    peakBytes: 0,
    ranMs: 0,
    cpuMs: 0,
    admittedAtMs: undefined,
    last: undefined,
    told: [],
  };
}

/** Takes in the end of an attempt. */
export function addAttempt(facts: CaseFacts, event: AttemptEnded): void {
  facts.last = event;
  facts.peakBytes = Math.max(facts.peakBytes, event.peakBytes);
  facts.ranMs += event.ranMs;
  facts.cpuMs += event.cpuMs;
  if (isPreemption(event.verdict)) facts.lostMs += event.lostMs ?? 0;
  if (facts.told.length < ATTEMPTS_TOLD)
    facts.told.push(
      `attempt ${event.attempt}: ${verdictWords(event.verdict)}; ran ${formatDuration(event.ranMs)}, peak ${formatBytes(event.peakBytes)}`,
    );
}

/** What a test case counts as in the sums of its suite. */
export type CaseResult = 'passed' | 'failure' | 'error' | 'skipped';

/** A test case, as its suite takes it. */
export interface TestCase {
  readonly result: CaseResult;
  readonly xml: string;
}

/**
 * The case of a finished task. A task that did what it should not is a failure; one that could not be started, was lost
 * or was canceled is an error, as nothing is known of what it would have done.
 *
 * @param tail - the end of its output; empty for none.
 */
export function finishedCase(facts: CaseFacts, event: TaskFinished, tail: string): TestCase {
  const result = resultOf(event, facts.last);
  const why = whyFinished(event, facts.last);
  if (result === 'passed') return testCase(facts, result, {});
  if (result === 'skipped') return testCase(facts, result, { skipped: { '#text': why } });
  const text = [why, ...(tail === '' ? [] : [tail])].join('\n');
  return testCase(facts, result, {
    [result]: { '@type': event.outcome, '@message': why, '#text': text },
  });
}

function resultOf({ outcome }: TaskFinished, last: AttemptEnded | undefined): CaseResult {
  switch (outcome) {
    case 'succeeded':
      return 'passed';
    case 'skipped':
      return 'skipped';
    case 'canceled':
      return 'error';
    case 'failed':
      return last?.verdict.kind === 'could-not-start' || last?.verdict.kind === 'lost'
        ? 'error'
        : 'failure';
    case 'oom-killed':
    case 'timed-out':
      return 'failure';
    default:
      return unreachable(outcome);
  }
}

/**
 * The case of a task that lives, for who reads the file after our death: an error, with what it used at the last look.
 *
 * @param nowMs - when this is written, milliseconds after the start of the run.
 */
export function liveCase(
  facts: CaseFacts,
  sample: AttemptSample | undefined,
  nowMs: number,
): TestCase {
  const used =
    sample === undefined
      ? ''
      : `: it used ${formatBytes(sample.usedBytes)} then, and had used ${formatBytes(peakSeen(sample))} at the most`;
  const message = `attempt ${facts.attempts} was running when this was last written, ${formatDuration(nowMs)} after the start of the run${used}`;
  const peakBytes = Math.max(facts.peakBytes, sample === undefined ? 0 : peakSeen(sample));
  const ranMs = facts.ranMs + Math.max(0, nowMs - (facts.admittedAtMs ?? nowMs));
  return testCase({ ...facts, peakBytes, ranMs }, 'error', {
    error: { '@type': 'unfinished', '@message': message, '#text': message },
  });
}

/** The case of a task that has not started, or waits to be tried again. */
export function queuedCase(facts: CaseFacts): TestCase {
  const state = facts.attempts === 0 ? 'had not started' : 'was to be tried again';
  return testCase(facts, 'skipped', {
    skipped: { '#text': `it ${state} when this was last written` },
  });
}

function testCase(facts: CaseFacts, result: CaseResult, verdict: XmlNode): TestCase {
  const node: XmlNode = {
    '@name': printable(facts.task),
    '@classname': printable(facts.job),
    '@time': seconds(facts.ranMs),
    ...verdict,
    ...(facts.attempts === 0 ? {} : { 'system-out': factsText(facts) }),
  };
  return { result, xml: xmlText('testcase', node) };
}

function factsText(facts: CaseFacts): string {
  const { attempts, preemptions, suspensions, peakBytes, cpuMs, checkpoints, lostMs, told } = facts;
  const frozen = suspensions === 0 ? '' : ` suspensions=${suspensions}`;
  const lost = preemptions === 0 ? '' : ` lost_seconds=${seconds(lostMs)}`;
  const saved = checkpoints === 0 ? '' : ` checkpoints=${checkpoints}`;
  const sums = `peak_bytes=${peakBytes} cpu_seconds=${seconds(cpuMs)} attempts=${attempts} preemptions=${preemptions}${frozen}${lost}${saved}`;
  if (attempts === 1 && preemptions === 0) return sums;
  const more = attempts - told.length;
  return [sums, ...told, ...(more > 0 ? [`and ${counted(more, 'more attempt')}`] : [])].join('\n');
}

/** Seconds with three digits after the point, as JUnit's times are. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
