import type { AttemptSample } from '../../core/observation.js';
import { linesFor } from '../../core/lines.js';
import type { RunState } from '../../core/run-state.js';
import type { QuotedLogs } from '../output-masks.js';
import { formatBytes } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { totals } from '../summary.js';
import { peakSeen } from '../views/task-facts.js';
import { acceptWords, growthWords } from '../words-growth.js';
import { memoryWords } from '../words-memory.js';
import { counted, estimateWords } from '../words.js';
import { markdownCode, markdownDetails, markdownTable, markdownText } from './markdown.js';
import { tailText } from './tails.js';
import type { RunTally } from './tally.js';

/** How much a summary tells, most first: the first one that fits is taken. */
const SIZES = [
  { rows: 50, tails: 20 },
  { rows: 50, tails: 5 },
  { rows: 50, tails: 0 },
  { rows: 10, tails: 0 },
  { rows: 0, tails: 0 },
] as const;
const TAIL = { lines: 30, characters: 8 * 1024 };
const MORE = '…';

type Size = (typeof SIZES)[number];

/** What is to be summed up. */
export interface SummaryView {
  readonly state: RunState;
  readonly tally: RunTally;
  readonly logs: QuotedLogs;
  /** How the run stands: it goes on, it ended, or its supervisor is gone without a word. */
  readonly standing: 'live' | 'ended' | 'died';
  /** When, milliseconds after the start of the run. */
  readonly nowMs: number;
}

/**
 * A run in Markdown, as GitHub shows it: totals, memory against budget, which tasks failed or were preempted and why,
 * groups with what they were expected to need and what they used, the end of what failed tasks wrote.
 *
 * @param maxBytes - the result is no longer, in UTF-8; empty when nothing of use fits.
 */
export function summaryMarkdown(view: SummaryView, maxBytes: number): string {
  for (const size of SIZES) {
    const text = `${sections(view, size).join('\n\n')}\n`;
    if (Buffer.byteLength(text) <= maxBytes) return text;
  }
  return '';
}

function sections(view: SummaryView, size: Size): string[] {
  return [
    heading(view),
    markdownText(totals(view.state, view.tally.peakBytes)),
    memorySection(view),
    liveSection(view, size),
    growthSection(view.state, size),
    failedSection(view, size),
    preemptedSection(view, size),
    groupSection(view, size),
    tailSection(view, size),
  ].filter((section) => section !== '');
}

function heading(view: SummaryView): string {
  const { started } = view.state;
  const name = started === undefined ? '' : ` ${printable(started.config.name)}`.trimEnd();
  const about =
    started === undefined
      ? ''
      : `\n\nRun ${markdownCode(started.runId)}, tier ${started.tier}, memsched ${markdownText(started.memsched)}.`;
  return `## ${markdownText(`memsched${name}: ${standingWords(view)}`)}${about}${unfinishedNote(view)}`;
}

function standingWords({ standing, state }: SummaryView): string {
  if (standing === 'died') return 'died';
  if (standing === 'live') return 'not over yet';
  const failed = [...state.counts.outcomes]
    .filter(([outcome]) => outcome !== 'succeeded')
    .reduce((sum, [, count]) => sum + count, 0);
  if (state.stop !== undefined) return `stopped by ${state.stop.signal}`;
  if (failed > 0) return `${counted(failed, 'task')} did not succeed`;
  return state.grown.length > 0
    ? `${counted(state.grown.length, 'group')} outgrew the profile`
    : 'all succeeded';
}

function unfinishedNote({ standing, nowMs }: SummaryView): string {
  switch (standing) {
    case 'ended':
      return '';
    case 'live':
      return `\n\nThis was written ${formatDuration(nowMs)} after the start of the run, which was not over then.`;
    case 'died':
      return `\n\nThe supervisor is gone without a word, ${formatDuration(nowMs)} or more after the start of the run.`;
  }
}

function memorySection({ state, tally }: SummaryView): string {
  const { started, budget, lastSample } = state;
  if (started === undefined || budget === undefined) return '';
  const { budgetBytes, capacityBytes, outsideBytes } = budget;
  const lines = linesFor(started.config, budgetBytes, lastSample?.unknownShare);
  const share = Math.round((tally.peakBytes / Math.max(1, budgetBytes)) * 100);
  const table = markdownTable(
    ['budget:', 'peak of all tasks:', 'hold:', 'preempt:', 'critical:', 'host:', 'used by others:'],
    [
      [
        formatBytes(budgetBytes),
        `${formatBytes(tally.peakBytes)} (${share} %)`,
        formatBytes(lines.holdBytes),
        formatBytes(lines.preemptBytes),
        formatBytes(lines.criticalBytes),
        formatBytes(capacityBytes),
        formatBytes(outsideBytes),
      ],
    ],
  );
  return `### Memory\n\n${table}`;
}

/** What ran when this was written, or at the last look before the supervisor died. */
function liveSection({ standing, state }: SummaryView, { rows }: Size): string {
  const { lastSample, live } = state;
  if (standing === 'ended' || live.size === 0) return '';
  const samples = new Map((lastSample?.attempts ?? []).map((sample) => [sample.task, sample]));
  const all = [...live.values()]
    .map((record) => ({ record, sample: samples.get(record.spec.id) }))
    .sort((a, b) => usedBytes(b.sample) - usedBytes(a.sample));
  const table = markdownTable(
    ['task', 'attempt:', 'used:', 'peak:', 'estimate:'],
    all
      .slice(0, rows)
      .map(({ record: { spec, attempts, admitted }, sample }) => [
        markdownCode(printable(spec.id)),
        String(attempts),
        sample === undefined ? '–' : formatBytes(sample.usedBytes),
        sample === undefined ? '–' : formatBytes(peakSeen(sample)),
        admitted === undefined ? '–' : formatBytes(admitted.estimate.bytes),
      ]),
  );
  const host =
    lastSample === undefined
      ? ''
      : `\n\n${markdownText(`At the last look, ${formatDuration(lastSample.tMs)} after the start, the level was ${lastSample.level}: ${memoryWords(lastSample.numbers)}.`)}`;
  return `### Running at the last look${host}\n\n${table}${moreThan(all.length, rows, 'task')}`;
}

function usedBytes(sample: AttemptSample | undefined): number {
  return sample?.usedBytes ?? 0;
}

function growthSection({ grown, started }: RunState, { rows }: Size): string {
  if (grown.length === 0) return '';
  const lines = grown
    .slice(0, rows)
    .map(
      (event) =>
        `- ${markdownText(growthWords(event))}; to accept it: ${markdownCode(acceptWords(event, started?.profileFile))}`,
    );
  return `### Groups that outgrew their profiles\n\n${lines.join('\n')}${moreThan(grown.length, rows, 'group')}`;
}

function failedSection({ tally }: SummaryView, { rows }: Size): string {
  if (tally.failures === 0) return '';
  const table = markdownTable(
    ['task', 'outcome', 'why', 'attempts:', 'peak:', 'time:'],
    tally.failed
      .slice(0, rows)
      .map(({ task, outcome, why, attempts, peakBytes, ranMs }) => [
        markdownCode(printable(task)),
        outcome,
        markdownText(why),
        String(attempts),
        formatBytes(peakBytes),
        formatDuration(ranMs),
      ]),
  );
  return `### Failed\n\n${table}${moreThan(tally.failures, Math.min(rows, tally.failed.length), 'task')}`;
}

function preemptedSection({ tally }: SummaryView, { rows }: Size): string {
  const all = [...tally.preempted.values()].sort((a, b) => b.times - a.times);
  if (all.length === 0) return '';
  const table = markdownTable(
    ['task', 'times:', 'the latest, why', 'peak:', 'in the end'],
    all
      .slice(0, rows)
      .map(({ task, times, why, peakBytes, outcome }) => [
        markdownCode(printable(task)),
        String(times),
        markdownText(why),
        formatBytes(peakBytes),
        outcome ?? 'not finished',
      ]),
  );
  return `### Preempted\n\n${table}${moreThan(all.length + tally.morePreempted, Math.min(rows, all.length), 'task')}`;
}

function groupSection({ tally }: SummaryView, { rows }: Size): string {
  const GROUPS = 20;
  const all = [...tally.groups.values()].sort((a, b) => b.peakBytes - a.peakBytes);
  const shown = Math.min(GROUPS, rows);
  if (all.length === 0) return '';
  const table = markdownTable(
    ['group', 'attempts:', 'estimate', 'highest peak:', 'of the estimate:'],
    all
      .slice(0, shown)
      .map(({ group, attempts, estimate, peakBytes }) => [
        markdownCode(printable(group)),
        String(attempts),
        markdownText(estimateWords(estimate)),
        peakBytes === 0 ? '–' : formatBytes(peakBytes),
        peakBytes === 0 || estimate.bytes === 0
          ? '–'
          : `${Math.round((peakBytes / estimate.bytes) * 100)} %`,
      ]),
  );
  return `### Groups: estimate and use\n\n${table}${moreThan(all.length, shown, 'group')}`;
}

function tailSection({ tally, logs }: SummaryView, { tails }: Size): string {
  const parts = tally.failed.slice(0, tails).flatMap(({ task, why, attempts }) => {
    const text = tailText(logs, task, attempts, TAIL);
    return text === ''
      ? []
      : [markdownDetails(`${markdownCode(printable(task))}: ${markdownText(why)}`, text)];
  });
  return parts.length === 0 ? '' : `### Output of failed tasks\n\n${parts.join('\n\n')}`;
}

function moreThan(all: number, shown: number, noun: string): string {
  const left = all - shown;
  return left > 0 ? `\n\n${MORE} and ${counted(left, `more ${noun}`)}` : '';
}
