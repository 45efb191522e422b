import type { AttemptAdmitted, AttemptEnded } from '../../core/events.js';
import { quantile } from '../../core/learning/statistics.js';
import { estimateWords } from '../words.js';
import { printable } from '../../util/printable.js';
import type { ReportGroup } from './report-data.js';

/** Groups that have a row, those that ran longest. */
const GROUPS_MAX = 200;

interface Group {
  tasks: number;
  attempts: number;
  peaksBytes: number[];
  firstEstimateBytes: number | undefined;
  lastEstimate: AttemptAdmitted['reason']['estimate'] | undefined;
  aboveEstimate: number;
  ranMs: number;
  lostMs: number;
}

/** Collects what the tasks of each profile group used against what they were expected to. */
export class GroupCollector {
  readonly #groups = new Map<string, Group>();

  /** A task of the group was planned. */
  planned(group: string): void {
    this.#of(group).tasks += 1;
  }

  /** An attempt was admitted. */
  admitted(name: string, { reason }: AttemptAdmitted): void {
    const group = this.#of(name);
    group.firstEstimateBytes ??= reason.estimate.bytes;
    group.lastEstimate = reason.estimate;
  }

  /** An attempt is over. */
  ended(name: string, event: AttemptEnded, estimateBytes: number): void {
    const group = this.#of(name);
    const { verdict, peakBytes, ranMs, lostMs } = event;
    group.attempts += 1;
    group.ranMs += ranMs;
    if (peakBytes > estimateBytes) group.aboveEstimate += 1;
    if (verdict.kind === 'exit' && verdict.code === 0) group.peaksBytes.push(peakBytes);
    // Old journals do not say how much of it was saved: nothing was.
    if (verdict.kind === 'preempted' || verdict.kind === 'bystander' || verdict.kind === 'lost')
      group.lostMs += lostMs ?? ranMs;
  }

  /** A row for each group, the one that ran longest first, and how many are left out. */
  rows(): { readonly groups: readonly ReportGroup[]; readonly unlisted: number } {
    const all = [...this.#groups].sort(([, a], [, b]) => b.ranMs - a.ranMs || b.tasks - a.tasks);
    return {
      groups: all.slice(0, GROUPS_MAX).map(([name, group]) => rowOf(name, group)),
      unlisted: Math.max(0, all.length - GROUPS_MAX),
    };
  }

  #of(name: string): Group {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = {
        tasks: 0,
        attempts: 0,
        peaksBytes: [],
        firstEstimateBytes: undefined,
        lastEstimate: undefined,
        aboveEstimate: 0,
        ranMs: 0,
        lostMs: 0,
      };
      this.#groups.set(name, group);
    }
    return group;
  }
}

function rowOf(name: string, group: Group): ReportGroup {
  const { tasks, attempts, firstEstimateBytes, lastEstimate, aboveEstimate, ranMs, lostMs } = group;
  const peaks = Float64Array.from(group.peaksBytes).sort();
  const maxBytes = peaks.at(-1);
  return {
    name: printable(name),
    tasks,
    attempts,
    ...(maxBytes === undefined
      ? {}
      : {
          peaks: { p50Bytes: quantile(peaks, 0.5), p95Bytes: quantile(peaks, 0.95), maxBytes },
        }),
    ...(firstEstimateBytes === undefined ? {} : { firstEstimateBytes }),
    ...(lastEstimate === undefined
      ? {}
      : { lastEstimateBytes: lastEstimate.bytes, estimate: estimateWords(lastEstimate) }),
    aboveEstimate,
    ranMs: Math.round(ranMs),
    lostMs: Math.round(lostMs),
  };
}
