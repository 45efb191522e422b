import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RunEvent } from '../../src/core/events.js';
import { ofKind } from './journal-view.js';
import { listedProcesses } from './processes.js';

/** What came of supervisors that were killed. */
export interface Counts {
  kills: number;
  /** Of the kills: before the supervisor had begun, or gone on with, its run. */
  starting: number;
  /** Of the kills: while tasks were still to be done. */
  running: number;
  /** Of the kills: when all tasks were finished. */
  ending: number;
  /** Of the kills: while a task was frozen. */
  frozen: number;
  /** Tasks that did not succeed, by the journal or by their own account. */
  lost: number;
  /** Tasks that did their work twice, or ran twice at once. */
  doubled: number;
  /** Processes and cgroups that were still there after the end. */
  leaked: number;
  adopted: number;
  requeued: number;
  /** What speaks for a task that was doubled or leaked, for the message of a failure. */
  readonly evidence: string[];
}

/** Counts of nothing. */
export function noCounts(): Counts {
  return {
    kills: 0,
    starting: 0,
    running: 0,
    ending: 0,
    frozen: 0,
    lost: 0,
    doubled: 0,
    leaked: 0,
    adopted: 0,
    requeued: 0,
    evidence: [],
  };
}

/**
 * Adds a kill.
 *
 * @param events - the journal as the dead one left it.
 * @param before - how many events were there when it was started.
 */
export function add(counts: Counts, events: readonly RunEvent[], before: number): void {
  counts.kills += 1;
  counts[phaseOf(events, before)] += 1;
  if (isOneFrozen(events)) counts.frozen += 1;
}

function phaseOf(events: readonly RunEvent[], before: number): 'starting' | 'running' | 'ending' {
  if (events.length === before) return 'starting';
  const planned = ofKind(events, 'run-started')[0]?.tasks;
  return ofKind(events, 'task-finished').length === planned ? 'ending' : 'running';
}

function isOneFrozen(events: readonly RunEvent[]): boolean {
  const frozen = new Set<string>();
  for (const event of events) {
    if (event.kind === 'attempt-suspended') frozen.add(event.task);
    if (event.kind === 'attempt-thawed' || event.kind === 'attempt-ended')
      frozen.delete(event.task);
  }
  return frozen.size > 0;
}

/**
 * Adds what came of a run that has ended.
 *
 * @param tasks - how many it had.
 * @param story - the file in which tasks write `begin TASK ATTEMPT PID` and `end TASK ATTEMPT`; `$STORY` of the tasks.
 * @param folder - the run's.
 */
export function countRun(
  counts: Counts,
  events: readonly RunEvent[],
  tasks: number,
  story: string,
  folder: string,
): void {
  const finished = ofKind(events, 'task-finished').map(({ task }) => task);
  const lines = readFileSync(story, 'utf8').trimEnd().split('\n');
  const cutShort = cutShortIn(events);
  const ends = lines.filter((line) => line.startsWith('end '));
  const done = ends.filter((line) => !cutShort.has(line.slice('end '.length))).map(taskOf);
  counts.lost += tasks - new Set(done.filter((task) => finished.includes(task))).size;
  counts.doubled += done.length - new Set(done).size + (finished.length - new Set(finished).size);
  counts.doubled += overlaps(lines);
  const twice = done.filter((task, at) => done.indexOf(task) !== at);
  for (const task of twice) counts.evidence.push(...evidenceOf(task, lines, events));
  for (const { adopted } of ofKind(events, 'run-resumed')) counts.adopted += adopted.length;
  counts.requeued += ofKind(events, 'task-requeued').length;
  const left = [...processesOf(story), ...cgroupsOf(folder)];
  counts.evidence.push(...left);
  counts.leaked += left.length;
}

/** `TASK ATTEMPT` of attempts that a signal ended: one may have come between its last line and its exit. */
function cutShortIn(events: readonly RunEvent[]): ReadonlySet<string> {
  const byKill = ofKind(events, 'attempt-exited').filter(({ exit }) => exit.kind === 'signal');
  return new Set(byKill.map(({ task, attempt }) => `${task} ${attempt}`));
}

function taskOf(line: string): string {
  return line.split(' ')[1] ?? '';
}

function evidenceOf(task: string, lines: readonly string[], events: readonly RunEvent[]): string[] {
  return [
    ...lines.filter((line) => taskOf(line) === task),
    ...events
      .filter((event) => 'task' in event && event.task === task)
      .map((event) => JSON.stringify(event).slice(0, 300)),
  ];
}

/** Attempts that began although the one before had not been cut short: its last line comes after their first. */
function overlaps(lines: readonly string[]): number {
  const newest = new Map<string, number>();
  return lines.filter((line) => {
    const [, task = '', attempt = ''] = line.split(' ');
    const isLate = Number(attempt) < (newest.get(task) ?? 0);
    newest.set(task, Math.max(newest.get(task) ?? 0, Number(attempt)));
    return isLate;
  }).length;
}

function processesOf(story: string): string[] {
  return listedProcesses()
    .filter(({ environment }) => environment.includes(`STORY=${story}`))
    .map(({ pid }) => `process ${pid}`);
}

function cgroupsOf(folder: string): string[] {
  const place = JSON.parse(readFileSync(join(folder, 'place.json'), 'utf8')) as {
    rootDirectory?: string;
  };
  const { rootDirectory } = place;
  if (rootDirectory === undefined || !existsSync(rootDirectory)) return [];
  return readdirSync(rootDirectory).filter((each) => each === `memsched-${basename(folder)}`);
}
