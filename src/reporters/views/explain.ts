import type {
  AttemptAdmitted,
  AttemptEnded,
  AttemptSuspended,
  AttemptThawed,
  RunEvent,
} from '../../core/events.js';
import type { Candidate } from '../../core/reasons.js';
import type { RunState, TaskRecord } from '../../core/run-state.js';
import type { TaskId } from '../../core/task-spec.js';
import { formatBytes } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { candidateVerdictWords, levelWords, memoryWords } from '../words-memory.js';
import { tableText } from '../table.js';
import { checkpointWords, savingWords } from '../words-checkpoint.js';
import { commandWords } from '../words-commands.js';
import { suspendWords, thawWords } from '../words-suspension.js';
import { growthWords } from '../words-growth.js';
import { conductWords } from '../words-conduct.js';
import {
  admitWords,
  counted,
  exitedWords,
  requeueWords,
  resumedWords,
  skipWords,
  stopWords,
  verdictWords,
  waitWords,
} from '../words.js';

/** Steps of the level between two things that happen to the task itself; of more, the first ones are told and the rest counted. */
const LEVEL_STEPS_TOLD = 6;

/** One thing that happened to a task, or around it. */
export interface StoryEntry {
  readonly tMs: number;
  /** Safe to print, one line. */
  readonly text: string;
  /** Further lines, indented below it. */
  readonly details?: readonly string[];
}

type OwnEvent = Exclude<Extract<RunEvent, { readonly task: TaskId }>, { kind: 'group-grew' }>;

/** Collects the story of one task from the events of its run, in order. */
export class Story {
  readonly entries: StoryEntry[] = [];
  readonly #task: TaskId;
  #isPlanned = false;
  #isOver = false;
  #levelSteps = 0;
  #levelStepsLeftOut = 0;

  constructor(task: TaskId) {
    this.#task = task;
  }

  /** Takes in the next event, after the state has. */
  add(event: RunEvent, state: RunState): void {
    if (event.kind === 'group-grew') {
      if (event.task === this.#task)
        this.#tell(event.tMs, `its group has outgrown its profile: ${growthWords(event)}`);
      return;
    }
    if (this.#isOver) return;
    if ('task' in event && event.task === this.#task) {
      this.#endLevelSteps(event.tMs);
      this.#own(event, state);
    } else if (this.#isPlanned) {
      this.#around(event, state);
    } else if (event.kind === 'task-planned' && event.spec.id === this.#task) {
      this.#isPlanned = true;
      this.#tell(event.tMs, plannedWords(event.spec));
    }
  }

  #tell(tMs: number, text: string, details?: readonly string[]): void {
    this.entries.push({ tMs, text, ...(details === undefined ? {} : { details }) });
  }

  #own(event: OwnEvent, state: RunState): void {
    const { tMs } = event;
    switch (event.kind) {
      case 'task-waits':
        this.#tell(tMs, waitWords(event.reason, tMs));
        return;
      case 'attempt-admitted':
        this.#tell(tMs, admittedWords(event), [memoryWords(event.reason.numbers)]);
        return;
      case 'attempt-launched':
        this.#tell(tMs, `runs as process ${event.pid}`);
        return;
      case 'attempt-suspended':
      case 'attempt-thawed':
        this.#frost(event);
        return;
      case 'attempt-stopping':
        this.#stopping(event);
        return;
      case 'checkpoint-asked':
      case 'checkpoint-made':
      case 'checkpoint-missed':
        this.#tell(tMs, checkpointWords(event));
        return;
      case 'attempt-killed':
        // Without grace this happens in the same moment, and was told with the decision.
        if (event.afterMs > 0)
          this.#tell(
            tMs,
            `is killed ${KILLED[event.because]}, ${formatDuration(event.afterMs)} after it was asked to end`,
          );
        return;
      case 'attempt-stuck':
        this.#tell(
          tMs,
          `lives on ${formatDuration(event.forMs)} after SIGKILL, with ${formatBytes(event.usedBytes)}`,
        );
        return;
      case 'attempt-paused':
      case 'attempt-unpaused':
      case 'attempt-strayed':
      case 'attempt-tampered':
      case 'log-cut':
        this.#tell(tMs, conductWords(event));
        return;
      case 'attempt-exited':
        this.#tell(tMs, exitedWords(event.exit));
        return;
      case 'attempt-ended':
        this.#ended(event);
        return;
      case 'task-requeued':
        this.#tell(tMs, requeueWords(event));
        return;
      case 'inputs-measured':
        this.#tell(tMs, inputsWords(event.bytes));
        return;
      case 'task-held':
      case 'task-released':
      case 'cancel-requested':
        this.#tell(tMs, commandWords(event));
        return;
      case 'task-finished':
        this.#isOver = true;
        this.#tell(
          tMs,
          `finished: ${event.skipped === undefined ? event.outcome : skipWords(event.skipped)}${triesWords(state.tasks.get(event.task))}`,
        );
        return;
    }
  }

  #ended(event: AttemptEnded): void {
    this.#tell(event.tMs, `attempt ${event.attempt} is over: ${verdictWords(event.verdict)}`, [
      tallyWords(event),
    ]);
  }

  #frost(event: AttemptSuspended | AttemptThawed): void {
    if (event.kind === 'attempt-thawed')
      this.#tell(event.tMs, `goes on: ${thawWords(event)}`, [memoryWords(event.reason.numbers)]);
    else
      this.#tell(
        event.tMs,
        `is frozen: ${suspendWords(event)}`,
        candidateTable(event.reason.candidates),
      );
  }

  #stopping(event: Extract<RunEvent, { kind: 'attempt-stopping' }>): void {
    const grace =
      event.graceMs > 0
        ? `, ${formatDuration(event.graceMs)} to end by itself`
        : ', killed at once';
    const saving = savingWords(event);
    const { reason } = event;
    if (reason.kind !== 'preempted')
      this.#tell(event.tMs, `is stopped${grace}${saving}: ${stopWords(reason)}`);
    else
      this.#tell(
        event.tMs,
        `is preempted${grace}${saving}: ${stopWords(reason)}`,
        candidateTable(reason.preempt.candidates),
      );
  }

  /** What happened to others and bears upon this task. */
  #around(event: RunEvent, state: RunState): void {
    const record = state.tasks.get(this.#task);
    switch (event.kind) {
      case 'level-changed':
        this.#levelSteps += 1;
        if (this.#levelSteps <= LEVEL_STEPS_TOLD)
          this.#tell(event.tMs, `level ${levelWords(event)}`);
        else this.#levelStepsLeftOut += 1;
        return;
      case 'attempt-stopping': {
        if (
          event.reason.kind !== 'preempted' ||
          record === undefined ||
          !('attempt' in record.phase)
        )
          return;
        const self = event.reason.preempt.candidates.find(({ task }) => task === this.#task);
        if (self === undefined || self.verdict.kind === 'taken') return;
        this.#tell(
          event.tMs,
          `${printable(event.task)} is preempted, this one not: ${candidateVerdictWords(self.verdict)}`,
        );
        return;
      }
      case 'attempt-suspended':
        if (event.task !== this.#task && record?.phase.kind === 'running')
          this.#otherIsFrozen(event);
        return;
      case 'stop-requested':
        this.#tell(
          event.tMs,
          `${event.by === undefined ? `memsched got ${printable(event.signal)}` : 'the user cancels the run'}${event.times > 1 ? ' again' : ''}`,
        );
        return;
      case 'run-held':
      case 'run-released':
      case 'config-changed':
        this.#tell(event.tMs, commandWords(event));
        return;
      case 'run-resumed':
        this.#tell(event.tMs, resumedWords(event));
        return;
      case 'halted':
        this.#tell(event.tMs, `the run is halted after ${counted(event.failures, 'failure')}`);
        return;
      default:
        return;
    }
  }

  /** Only where this one could have been frozen instead: else it is no story of its own. */
  #otherIsFrozen({ tMs, task, reason }: Extract<RunEvent, { kind: 'attempt-suspended' }>): void {
    const self = reason.candidates.find((candidate) => candidate.task === this.#task);
    if (self?.verdict.kind !== 'spared') return;
    this.#tell(
      tMs,
      `${printable(task)} is frozen, this one not: ${candidateVerdictWords(self.verdict)}`,
    );
  }

  #endLevelSteps(tMs: number): void {
    if (this.#levelStepsLeftOut > 0)
      this.#tell(tMs, `(the level changed ${this.#levelStepsLeftOut} more times)`);
    this.#levelSteps = 0;
    this.#levelStepsLeftOut = 0;
  }
}

function frozenWords({ frozenMs = 0 }: { readonly frozenMs?: number }): string {
  return frozenMs === 0 ? '' : `, and was frozen for ${formatDuration(frozenMs)}`;
}

function inputsWords(bytes: number | undefined): string {
  return bytes === undefined
    ? 'its input files are not all there: their size is not counted with'
    : `its input files are ${formatBytes(bytes)}`;
}

const KILLED = {
  'grace-over': 'as its grace is over',
  critical: 'as the level is critical',
  'second-signal': 'as the user asked twice',
  'left-behind': 'with what its main process left behind',
} as const;

function plannedWords({ preemptible, memory, needs }: TaskRecord['spec']): string {
  const parts = [
    `preemptible level ${preemptible}`,
    ...(memory.requestBytes === undefined ? [] : [`request ${formatBytes(memory.requestBytes)}`]),
    ...(memory.limitBytes === undefined ? [] : [`limit ${formatBytes(memory.limitBytes)}`]),
    ...(needs.length === 0 ? [] : [`needs ${needs.map(printable).join(', ')}`]),
  ];
  return `queued: ${parts.join(', ')}`;
}

function triesWords(record: TaskRecord | undefined): string {
  if (record === undefined || record.attempts < 2) return '';
  const { attempts, preemptions, retries, growths, bystanderKills, checkpointExits } = record;
  const causes = [
    ...(preemptions > 0 ? [counted(preemptions, 'preemption')] : []),
    ...(bystanderKills > 0 ? [`${counted(bystanderKills, 'kill')} as a bystander`] : []),
    ...(checkpointExits > 0 ? [`${counted(checkpointExits, 'checkpoint')} of its own`] : []),
    ...(growths > 0 ? [`${counted(growths, 'raise')} of its limit`] : []),
    ...(retries > 0 ? [retries === 1 ? '1 retry' : `${retries} retries`] : []),
  ];
  return ` in attempt ${attempts}${causes.length === 0 ? '' : `, after ${causes.join(', ')}`}`;
}

/** Everyone who could have been chosen, with rank or with the reason why not. */
function candidateTable(candidates: readonly Candidate[]): string[] {
  return tableText(
    [
      { title: 'CANDIDATE' },
      { title: 'ATTEMPT', align: 'right' },
      { title: 'AGE', align: 'right' },
      { title: 'USED', align: 'right' },
      { title: 'ESTIMATE', align: 'right' },
      { title: 'VERDICT' },
    ],
    candidates.map((candidate: Candidate) => [
      printable(candidate.task),
      String(candidate.attempt),
      formatDuration(candidate.ageMs),
      formatBytes(candidate.usedBytes),
      formatBytes(candidate.estimateBytes),
      candidateWords(candidate),
    ]),
  ).split('\n');
}

function admittedWords({ attempt, limitBytes, reason }: AttemptAdmitted): string {
  const limit = limitBytes === undefined ? '' : `, limit ${formatBytes(limitBytes)}`;
  return `attempt ${attempt} is admitted${limit}: ${admitWords(reason)}`;
}

function tallyWords(event: AttemptEnded): string {
  const { ranMs, lostMs, cpuMs, peakBytes } = event;
  const lost = lostMs === undefined ? '' : `, of which ${formatDuration(lostMs)} are lost`;
  return `ran ${formatDuration(ranMs)}${lost}${frozenWords(event)}, processor time ${formatDuration(cpuMs)}, peak ${formatBytes(peakBytes)}`;
}

function candidateWords({ verdict, savedAgoMs, wouldFail }: Candidate): string {
  const saved = savedAgoMs === undefined ? '' : `, saved ${formatDuration(savedAgoMs)} ago`;
  const fails = wouldFail === true ? ', would fail without a checkpoint' : '';
  return `${candidateVerdictWords(verdict)}${saved}${fails}`;
}

/** The story as text: a time and a sentence a line, details indented below. */
export function storyText(entries: readonly StoryEntry[]): string {
  const DETAIL_INDENT = ' '.repeat(11);
  return entries
    .flatMap(({ tMs, text, details = [] }) => [
      `${formatDuration(tMs).padStart(8)}   ${text}`,
      ...details.map((detail) => `${DETAIL_INDENT}${detail}`),
    ])
    .join('\n');
}
