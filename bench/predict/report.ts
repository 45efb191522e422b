import Table from 'cli-table3';
import { JUDGED, YARDSTICK } from './contestants.js';
import { gigabyteHours, maqOf, wastedGBh, type Feedback, type Score } from './replay.js';

/** All contestants' scores on one set. */
export interface Contest {
  readonly set: string;
  readonly feedback: Feedback;
  readonly leftOut: number;
  readonly scores: ReadonlyMap<string, Score>;
}

/** Whether expected-cost does what it must on one set. */
export interface Verdict {
  readonly set: string;
  /** Its waste as a share of the yardstick's. */
  readonly wasteRatio: number;
  readonly overrunShare: number;
  readonly isMet: boolean;
}

/** It may waste at most this share of what the yardstick wastes, */
const MOST_WASTE_RATIO = 0.9;
/** and go beyond its estimate in at most this share of the jobs, */
const MOST_OVERRUNS = 0.08;

/** where it knows only of jobs that had ended, and nothing of inputs: judges the delayed contests. */
export function judge(contests: readonly Contest[]): Verdict[] {
  return contests
    .filter(({ feedback }) => feedback === 'delayed')
    .map(({ set, scores }) => {
      const judged = scoreOf(scores, JUDGED);
      const wasteRatio = wastedGBh(judged) / wastedGBh(scoreOf(scores, YARDSTICK));
      const overrunShare = judged.overruns / judged.jobs;
      const isMet = wasteRatio <= MOST_WASTE_RATIO && overrunShare <= MOST_OVERRUNS;
      return { set, wasteRatio, overrunShare, isMet };
    });
}

function scoreOf(scores: ReadonlyMap<string, Score>, name: string): Score {
  const score = scores.get(name);
  if (score === undefined) throw new RangeError(`${name} took no part`);
  return score;
}

/** A contest as a table for people. */
export function tableOf({ set, feedback, leftOut, scores }: Contest): string {
  const yardstick = scoreOf(scores, YARDSTICK);
  const table = new Table({
    head: [
      '',
      'wasted GBh',
      'failed GBh',
      `to ${YARDSTICK}`,
      'by group',
      'MAQ',
      'overruns',
      'cold',
      'µs/op',
    ],
    colAligns: ['left', ...Array<'right'>(8).fill('right')],
    style: { head: [], border: [], compact: true },
  });
  for (const [name, score] of scores) {
    table.push([
      name,
      wastedGBh(score).toFixed(1),
      gigabyteHours(score.failedByteMs).toFixed(1),
      (wastedGBh(score) / wastedGBh(yardstick)).toFixed(3),
      ratioByGroup(score, yardstick).toFixed(3),
      maqOf(score).toFixed(3),
      percent(score.overruns / score.jobs),
      percent(score.cold / score.jobs),
      score.usPerOperation.toFixed(1),
    ]);
  }
  const without = leftOut > 0 ? `, ${leftOut} left out that were not measured` : '';
  return `${set}, ${feedback} feedback, ${yardstick.jobs} jobs${without}\n${table.toString()}`;
}

/**
 * Geometric mean over the larger groups of a score's waste as a share of another's: says whether it is the better one
 * for most, where one heavy group makes up most of the sum.
 */
function ratioByGroup(score: Score, other: Score): number {
  const logs = [...score.wastedByGroup].map(([group, byteMs]) =>
    Math.log(byteMs / (other.wastedByGroup.get(group) ?? byteMs)),
  );
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

/** A verdict as a line for people. */
export function lineOf({ set, wasteRatio, overrunShare, isMet }: Verdict): string {
  const waste = `wastes ${wasteRatio.toFixed(3)} of ${YARDSTICK} (at most ${MOST_WASTE_RATIO})`;
  const overruns = `${percent(overrunShare)} overruns (at most ${percent(MOST_OVERRUNS)})`;
  return `${isMet ? 'met   ' : 'MISSED'} ${set}: ${JUDGED} ${waste}, ${overruns}`;
}

/** Contests and verdicts for programs. */
export function jsonOf(contests: readonly Contest[], verdicts: readonly Verdict[]): string {
  const plain = contests.map(({ set, feedback, leftOut, scores }) => ({
    set,
    feedback,
    leftOut,
    scores: [...scores].map(([name, score]) => ({
      name,
      ...score,
      wastedByGroup: Object.fromEntries(score.wastedByGroup),
      wastedGBh: wastedGBh(score),
      failedGBh: gigabyteHours(score.failedByteMs),
      maq: maqOf(score),
    })),
  }));
  return JSON.stringify({ contests: plain, verdicts }, null, 2);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
