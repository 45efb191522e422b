import type { RunEvent, Sampled } from '../../core/events.js';
import type { MemoryNumbers } from '../../core/reasons.js';
import type { AttemptSample } from '../../core/observation.js';
import type { RunState, TaskRecord } from '../../core/run-state.js';
import { formatBytes } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { numbersIn } from '../peak.js';
import { createLineTeller } from '../plain-lines.js';
import { tableText } from '../table.js';
import { memoryWords } from '../words-memory.js';
import { counted } from '../words.js';
import { lastSampleOf, peakSeen } from './task-facts.js';

/** Growth is told over so much time. */
const LOOK_BACK_MS = 10_000;
/** Running attempts that are listed. */
const ROWS_MAX = 30;
/** Lines of what happened last. */
const NEWS_TOLD = 8;

/**
 * What ran at the last look, with what it used then and who grew: the end of the story of a run that died, and where one
 * that goes on stands.
 */
export class LastLook {
  /** Looks of the last seconds, oldest first. */
  readonly #looks: Sampled[] = [];

  /** Lines of what happened, oldest first. */
  readonly #news: string[] = [];
  readonly #tell = createLineTeller();
  #newest: { readonly tMs: number; readonly numbers: MemoryNumbers } | undefined;

  /** Takes in the next event, after the state has. */
  add(event: RunEvent, state: RunState): void {
    const numbers = numbersIn(event);
    if (numbers !== undefined) this.#newest = { tMs: event.tMs, numbers };
    const told = this.#tell(event, state);
    if (told !== undefined && told.weight !== 'detail') {
      this.#news.push(told.text);
      if (this.#news.length > NEWS_TOLD) this.#news.shift();
    }
    if (event.kind !== 'sampled') return;
    this.#looks.push(event);
    while ((this.#looks[0]?.tMs ?? event.tMs) < event.tMs - LOOK_BACK_MS) this.#looks.shift();
  }

  /**
   * Host, level and the attempts that ran, the largest first; empty when none did.
   *
   * @param timeOf - how a moment is written, from milliseconds since 1970.
   */
  text(state: RunState, timeOf: (epochMs: number) => string): string {
    const { live, started } = state;
    if (live.size === 0 || started === undefined) return '';
    if (this.#newest === undefined)
      return `${counted(live.size, 'task')} ran, and memory had not been looked at yet`;
    const { tMs, numbers } = this.#newest;
    const when = `${formatDuration(tMs)} after the start (${timeOf(started.startedAtMs + tMs)})`;
    const rows = [...live.values()].sort((a, b) => usedBy(b, state) - usedBy(a, state));
    const left = rows.length - ROWS_MAX;
    return [
      `At the last look, ${when}, the level was ${state.level}: ${memoryWords(numbers)}.`,
      this.#table(rows.slice(0, ROWS_MAX), state),
      ...(left > 0 ? [`… and ${counted(left, 'more task')} that used less`] : []),
    ].join('\n');
  }

  /** What happened last, as it was told then; empty when nothing did. */
  news(): string {
    return this.#news.join('\n');
  }

  /** What one task used at the last look; undefined when it did not run then. */
  wordsFor(record: TaskRecord, state: RunState): string | undefined {
    const sample = lastSampleOf(record, state);
    if (sample === undefined) return undefined;
    const growth = this.#growthOf(sample);
    const over =
      growth === undefined
        ? ''
        : `, ${signed(growth.bytes)} within ${formatDuration(growth.overMs)}`;
    return `used ${formatBytes(sample.usedBytes)} at the last look, ${formatDuration(state.lastSample?.tMs ?? 0)} after the start of the run${over}; peak ${formatBytes(peakSeen(sample))}`;
  }

  #table(records: readonly TaskRecord[], state: RunState): string {
    return tableText(
      [
        { title: 'TASK' },
        { title: 'ATTEMPT', align: 'right' },
        { title: 'USED', align: 'right' },
        { title: 'PEAK', align: 'right' },
        { title: 'ESTIMATE', align: 'right' },
        { title: 'GREW', align: 'right' },
        { title: 'STATE' },
      ],
      records.map((record) => this.#row(record, state)),
    );
  }

  #row(record: TaskRecord, state: RunState): readonly string[] {
    const { phase, spec, attempts } = record;
    const sample = lastSampleOf(record, state);
    const growth = sample === undefined ? undefined : this.#growthOf(sample);
    return [
      printable(spec.id),
      String(attempts),
      sample === undefined ? '–' : formatBytes(sample.usedBytes),
      sample === undefined ? '–' : formatBytes(peakSeen(sample)),
      'attempt' in phase ? formatBytes(phase.attempt.estimate.bytes) : '–',
      growth === undefined ? '–' : `${signed(growth.bytes)} in ${formatDuration(growth.overMs)}`,
      phase.kind,
    ];
  }

  /** Against the first look of the last seconds that saw the attempt. */
  #growthOf({ task, attempt, usedBytes }: AttemptSample): Growth | undefined {
    const last = this.#looks.at(-1);
    for (const look of this.#looks) {
      if (look === last) return undefined;
      const before = look.attempts.find((one) => one.task === task && one.attempt === attempt);
      if (before !== undefined)
        return { bytes: usedBytes - before.usedBytes, overMs: (last?.tMs ?? 0) - look.tMs };
    }
    return undefined;
  }
}

interface Growth {
  readonly bytes: number;
  readonly overMs: number;
}

function usedBy(record: TaskRecord, state: RunState): number {
  return lastSampleOf(record, state)?.usedBytes ?? 0;
}

function signed(bytes: number): string {
  return bytes < 0 ? `−${formatBytes(-bytes)}` : `+${formatBytes(bytes)}`;
}
