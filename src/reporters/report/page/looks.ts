import type { AttemptEnd, ReportAttempt, ReportState } from '../report-data.js';

/** How a state or an end is shown: in words, by a colour of the style sheet and by a sign, as not all see colours. */
export interface Look {
  readonly label: string;
  readonly colour: string;
  readonly sign: string;
}

const ENDS: Readonly<Record<AttemptEnd, Look>> = {
  succeeded: { label: 'succeeded', colour: '--good', sign: '' },
  failed: { label: 'failed', colour: '--bad', sign: '✕' },
  preempted: { label: 'preempted', colour: '--preempted', sign: '↺' },
  checkpointed: { label: 'saved its work, to go on', colour: '--other', sign: '↻' },
  'oom-killed': { label: 'OOM-killed', colour: '--bad', sign: '✕' },
  bystander: { label: 'killed as a bystander', colour: '--other', sign: '!' },
  'timed-out': { label: 'timed out', colour: '--late', sign: '◷' },
  canceled: { label: 'canceled', colour: '--quiet', sign: '–' },
  'external-signal': { label: 'ended by a signal', colour: '--other', sign: '!' },
  'over-pids': { label: 'too many processes', colour: '--bad', sign: '✕' },
  'could-not-start': { label: 'could not start', colour: '--bad', sign: '✕' },
  lost: { label: 'lost', colour: '--other', sign: '!' },
};

const STATES: Readonly<Record<ReportState, Look>> = {
  queued: { label: 'queued', colour: '--quiet', sign: '…' },
  starting: { label: 'starting', colour: '--live', sign: '▸' },
  running: { label: 'running', colour: '--live', sign: '▸' },
  suspended: { label: 'suspended', colour: '--quiet', sign: '❄' },
  stopping: { label: 'stopping', colour: '--preempted', sign: '▪' },
  succeeded: { label: 'succeeded', colour: '--good', sign: '✓' },
  failed: { label: 'failed', colour: '--bad', sign: '✕' },
  'oom-killed': { label: 'OOM-killed', colour: '--bad', sign: '✕' },
  'timed-out': { label: 'timed out', colour: '--late', sign: '◷' },
  canceled: { label: 'canceled', colour: '--quiet', sign: '–' },
  skipped: { label: 'skipped', colour: '--quiet', sign: '–' },
};

const LIVE: Look = { label: 'running', colour: '--live', sign: '▸' };

/** How an attempt is shown. */
export function lookOfAttempt({ end }: Pick<ReportAttempt, 'end'>): Look {
  return end === undefined ? LIVE : ENDS[end];
}

/** How a task is shown. */
export function lookOfState(state: ReportState): Look {
  return STATES[state];
}

/** A colour for each job: the first eight have their own. */
export function colourOfJob(place: number): string {
  return place < 8 ? `--job-${place + 1}` : '--quiet';
}
