import type { ChalkInstance } from 'chalk';
import { predictCpus } from '../../core/learning/cpus.js';
import { DEFAULT_STRATEGY } from '../../core/learning/default-strategy.js';
import { forecastOf } from '../../core/learning/forecast.js';
import { isPeakSeen } from '../../core/learning/peak-seen.js';
import { lowerBound } from '../../core/learning/profile.js';
import { predictPeak } from '../../core/learning/predict.js';
import { rerunsOf, type Reruns } from '../../core/learning/reruns.js';
import { statisticsOf } from '../../core/learning/run-statistics.js';
import { lastSeenMs, tiersOf, type StoredProfile } from '../../core/learning/stored-profile.js';
import type { CurveForecast, ProfileStrategy } from '../../core/learning/types.js';
import { formatBytes, MiB } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { bandBar, bar, bucketsOf } from '../charts.js';
import { tableText } from '../table.js';
import { counted } from '../words.js';
import { localTime } from './show.js';

/** Nothing that is drawn is wider. */
const COLUMNS = 80;
const HISTOGRAM_BUCKETS_MAX = 12;
const UNKNOWN = '–';

const LS_TITLES = [
  { title: 'GROUP' },
  { title: 'RUNS', align: 'right' },
  { title: 'PEAK', align: 'right' },
  { title: 'P95', align: 'right' },
  { title: 'AVG', align: 'right' },
  { title: 'ESTIMATE', align: 'right' },
  { title: 'TIME', align: 'right' },
  { title: 'CPUS', align: 'right' },
  { title: 'LAST SEEN' },
  { title: 'TIER' },
] as const;

/** One row for each group, the last seen first. */
export function profilesTable(profiles: readonly StoredProfile[]): string {
  return tableText(LS_TITLES, profiles.toSorted(byLastSeen).map(rowOf));
}

/** The same as objects, for `--json`. */
export function profileObjects(profiles: readonly StoredProfile[]): readonly object[] {
  return profiles.toSorted(byLastSeen).map(summaryOf);
}

function byLastSeen(a: StoredProfile, b: StoredProfile): number {
  return lastSeenMs(b) - lastSeenMs(a) || (a.group < b.group ? -1 : 1);
}

function rowOf(stored: StoredProfile): string[] {
  const { profile, group } = stored;
  const seen = statisticsOf(profile.runs);
  const estimate = predictPeak(profile, DEFAULT_STRATEGY);
  const cpus = predictCpus(profile);
  const bytes = (value: number | undefined): string =>
    value === undefined ? UNKNOWN : formatBytes(value);
  return [
    printable(group),
    String(profile.runs.length),
    bytes(seen?.largestPeakBytes),
    bytes(seen?.p95PeakBytes),
    bytes(seen?.meanPeakBytes),
    bytes(estimate?.bytes),
    seen === undefined ? UNKNOWN : formatDuration(seen.meanDurationMs),
    cpus === undefined ? UNKNOWN : cpus.toFixed(1),
    lastSeenMs(stored) === 0 ? UNKNOWN : localTime(lastSeenMs(stored)),
    tiersOf(stored).join(' '),
  ];
}

function summaryOf(stored: StoredProfile): object {
  const { group, label, profile } = stored;
  const estimate = predictPeak(profile, DEFAULT_STRATEGY);
  const bound = lowerBound(profile);
  return {
    group,
    label,
    ...(statisticsOf(profile.runs) ?? { runs: 0 }),
    learned: profile.learned,
    stopped: profile.bounds.length,
    ...(bound > 0 ? { lowerBoundBytes: bound } : {}),
    ...(estimate === undefined
      ? {}
      : { estimate: { strategy: DEFAULT_STRATEGY, bytes: estimate.bytes, rule: estimate.rule } }),
    reruns: rerunsOf(profile) ?? null,
    cpus: predictCpus(profile) ?? null,
    lastSeenMs: lastSeenMs(stored),
    tiers: tiersOf(stored),
  };
}

/** All about one group, for `--json`. */
export function profileObject(stored: StoredProfile): object {
  const { profile } = stored;
  const estimates = BY_PEAK.flat().flatMap((strategy) => {
    const prediction = predictPeak(profile, strategy);
    return prediction === undefined ? [] : [[strategy, prediction] as const];
  });
  return {
    ...summaryOf(stored),
    estimates: Object.fromEntries(estimates),
    forecast: forecastOf(profile) ?? null,
    profile,
  };
}

/** All about one group, for people: numbers, a histogram of its peaks, its curve. At most 80 columns. */
export function profileText(stored: StoredProfile, colour: ChalkInstance): string {
  return [
    [colour.bold(printable(stored.group)), ...numberLines(stored)].join('\n'),
    histogramText(stored),
    curveText(stored, colour),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function numberLines(stored: StoredProfile): string[] {
  const { profile } = stored;
  const { runs } = profile;
  const seen = statisticsOf(runs);
  const cpus = predictCpus(profile);
  const inputs = runs.flatMap(({ inputBytes }) => (inputBytes === undefined ? [] : [inputBytes]));
  const facts: (readonly [string, string])[] = [
    ['runs', runsWords(stored)],
    ['last seen', lastSeenMs(stored) === 0 ? 'never' : localTime(lastSeenMs(stored))],
    ['tier', tiersOf(stored).join(', ') || UNKNOWN],
  ];
  if (seen !== undefined) {
    facts.push(
      [
        'peak',
        `avg ${formatBytes(seen.meanPeakBytes)} · p50 ${formatBytes(seen.p50PeakBytes)} · p95 ${formatBytes(seen.p95PeakBytes)} · highest ${formatBytes(seen.largestPeakBytes)}`,
      ],
      [
        'time',
        `mean ${formatDuration(seen.meanDurationMs)} · longest ${formatDuration(seen.longestDurationMs)}`,
      ],
    );
  }
  if (cpus !== undefined) facts.push(['cpus', `${cpus.toFixed(2)} kept busy`]);
  const reruns = rerunsOf(profile);
  if (reruns !== undefined) facts.push(['again', rerunWords(reruns)]);
  if (inputs.length > 0) {
    facts.push([
      'input',
      `${formatBytes(Math.min(...inputs))} to ${formatBytes(Math.max(...inputs))}, known of ${counted(inputs.length, 'run')}`,
    ]);
  }
  const lines = facts.map(([name, words]) => `${name.padEnd(11)}${words}`);
  return [...lines, ...estimateLines(stored)];
}

function rerunWords({ pairs, peakDeviation, durationDeviation }: Reruns): string {
  const pct = (share: number): string => `${Math.round(100 * share)} %`;
  return `peak ± ${pct(peakDeviation)}, time ± ${pct(durationDeviation)} from a task's run to its next (${counted(pairs, 'pair')})`;
}

function runsWords({ profile }: StoredProfile): string {
  const { runs, learned, bounds } = profile;
  const bound = lowerBound(profile);
  const older = learned > runs.length ? `, the newest of ${learned.toLocaleString('en-US')}` : '';
  const stopped =
    bounds.length === 0
      ? ''
      : `; ${bounds.length} more stopped on the way up, at up to ${formatBytes(bound)}`;
  const unseen = runs.filter((run) => !isPeakSeen(run)).length;
  const short = unseen === 0 ? '' : `; ${unseen} of them too short for their peak to be seen`;
  return `${runs.length} completed${older}${short}${stopped}`;
}

/** The strategies by what they make of a peak: `curve` makes the same as `expected-cost`. */
const BY_PEAK: readonly (readonly ProfileStrategy[])[] = [
  ['expected-cost', 'curve'],
  ['peak'],
  ['p95'],
  ['p50'],
  ['avg'],
];

function estimateLines({ profile }: StoredProfile): string[] {
  return BY_PEAK.flatMap((strategies, at) => {
    const prediction = predictPeak(profile, strategies[0] ?? DEFAULT_STRATEGY);
    if (prediction === undefined) return [];
    const { bytes, rule } = prediction;
    const why = strategies.some((strategy) => strategy === rule) ? '' : ` (${rule})`;
    const mark = strategies.includes(DEFAULT_STRATEGY) ? '; the default' : '';
    const title = at === 0 ? 'estimate' : '';
    return [
      `${title.padEnd(11)}${formatBytes(bytes).padEnd(5)} by ${strategies.join(' and ')}${why}${mark}`,
    ];
  });
}

function histogramText({ profile }: StoredProfile): string {
  const peaks = profile.runs.map(({ peakBytes }) => peakBytes);
  const buckets = bucketsOf(peaks, MiB, HISTOGRAM_BUCKETS_MAX);
  if (buckets.length === 0) return '';
  const most = buckets.reduce((largest, { count }) => Math.max(largest, count), 0);
  const rows = buckets.map(({ from, to, count }) => [
    `${formatBytes(from)} to ${formatBytes(to)}`,
    String(count),
  ]);
  const lines = tableText(
    [
      { title: 'PEAK', align: 'right' },
      { title: 'RUNS', align: 'right' },
    ],
    rows,
  ).split('\n');
  const room = COLUMNS - Math.max(...lines.map(({ length }) => length)) - 2;
  return lines
    .map((line, at) => {
      const bucket = buckets[at - 1];
      return bucket === undefined ? line : `${line}  ${bar(bucket.count, most, room)}`.trimEnd();
    })
    .join('\n');
}

function curveText({ profile }: StoredProfile, colour: ChalkInstance): string {
  const forecast = forecastOf(profile);
  if (forecast === undefined) {
    return profile.runs.length === 0
      ? ''
      : 'no curve yet: it takes three completed runs that were long enough to be sampled';
  }
  const bands = bandsOf(forecast);
  const most = bands.reduce((largest, { high }) => Math.max(largest, high), 0);
  const rows = bands.map(({ mean, deviation }, at) => [
    `${Math.round((100 * at) / bands.length)}%`,
    formatDuration((forecast.durationMs * at) / bands.length),
    formatBytes(mean),
    `± ${formatBytes(deviation)}`,
  ]);
  const titles = ['FROM', 'TIME', 'MEAN', ''].map((title) => ({ title, align: 'right' as const }));
  const lines = tableText(titles, rows).split('\n');
  const room = COLUMNS - Math.max(...lines.map(({ length }) => length)) - 2;
  return [
    `memory over the time of a run, from ${counted(forecast.samples, 'curve')}:`,
    ...lines.map((line, at) => {
      const band = bands[at - 1];
      return band === undefined ? line : `${line}  ${bandBar(band, most, room, colour)}`;
    }),
    '█▓ the mean, ▓▒ one standard deviation below and above it',
  ].join('\n');
}

function bandsOf({ meanBytes, varianceBytes2 }: CurveForecast) {
  return meanBytes.map((mean, at) => {
    const deviation = Math.sqrt(varianceBytes2[at] ?? 0);
    return { mean, deviation, low: Math.max(0, mean - deviation), high: mean + deviation };
  });
}
