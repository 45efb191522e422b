import { basename, extname } from 'node:path';
import type { RunConfig } from '../../core/task-spec.js';
import { formatBytes, GiB } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { originAt, type Located } from './located.js';
import { quote } from './printable.js';
import type { Report } from './report.js';
import type { Amount } from './scalars.js';
import type { JobfileInput } from './schema.js';

/** What a jobfile's relative values refer to. */
export interface HostFacts {
  /** `min(MemTotal, memory.max of every ancestor)`: what `%` refers to. */
  readonly baseBytes: number;
  /** What `budget: auto` comes to now. */
  readonly autoBudgetBytes: number;
  readonly cpus: number;
  /** What `max_pids: auto` comes to now. */
  readonly autoMaxPids: number;
}

/** Where hold is left again, in points below it (control.md: hysteresis). */
const RESUME_POINTS = 0.1;

/** What one stream of an attempt may leave in its log where nobody says, bytes. */
export const DEFAULT_MAX_LOG_BYTES = GiB;

const DEFAULTS = {
  holdShare: 0.8,
  preemptShare: 0.9,
  criticalShare: 0.95,
  overcommit: 0.9,
  somePct: 10,
  fullPct: 20,
  intervalMs: 100,
  maxLogBytes: DEFAULT_MAX_LOG_BYTES,
} as const;

/** Keys of `memory:` that are obeyed to the letter when one of them is given. */
const SHARES = ['hold', 'preempt', 'critical', 'overcommit'] as const;

/** What a window spans at least that nobody chose: long enough for a share of time, and two looks to tell it from. */
const WINDOW_MIN_MS = 2000;
const WINDOW_MIN_INTERVALS = 2;

/** The pressure window of a jobfile that names none. */
function defaultWindowMs(intervalMs: number): number {
  return Math.max(WINDOW_MIN_MS, WINDOW_MIN_INTERVALS * intervalMs);
}

/** An amount in whole bytes. */
export function bytesOf(amount: Amount, host: HostFacts): number {
  return amount.kind === 'bytes' ? amount.bytes : Math.floor(amount.share * host.baseBytes);
}

/** Everything about the run that is not about one task; what does not fit together is reported. */
export function runConfig(
  input: JobfileInput,
  root: Located,
  host: HostFacts,
  report: Report,
): RunConfig {
  const { memory = {}, pressure = {} } = input;
  const budget = memory.budget ?? 'auto';
  const intervalMs = input.interval ?? DEFAULTS.intervalMs;
  const config: RunConfig = {
    name: input.name ?? nameFrom(report.source.file),
    budget: budget === 'auto' ? { kind: 'auto' } : { kind: 'bytes', bytes: bytesOf(budget, host) },
    holdShare: memory.hold ?? DEFAULTS.holdShare,
    preemptShare: memory.preempt ?? DEFAULTS.preemptShare,
    criticalShare: memory.critical ?? DEFAULTS.criticalShare,
    overcommit: memory.overcommit ?? DEFAULTS.overcommit,
    ...(SHARES.some((key) => memory[key] !== undefined) ? { isAsTold: true as const } : {}),
    pressure: {
      somePct: percent(pressure.some) ?? DEFAULTS.somePct,
      fullPct: percent(pressure.full) ?? DEFAULTS.fullPct,
      windowMs: pressure.window ?? defaultWindowMs(intervalMs),
    },
    intervalMs,
    ...(input.max_parallel === undefined ? {} : { maxParallel: input.max_parallel }),
    halt: input.halt ?? { kind: 'never' },
    ...(input.max_growth === undefined ? {} : { maxGrowthPct: input.max_growth }),
    ...maxPids(input.max_pids ?? 'auto', host),
    ...(input.max_log === 'none' ? {} : { maxLogBytes: input.max_log ?? DEFAULTS.maxLogBytes }),
    groups: Object.fromEntries(
      Object.entries(input.groups ?? {}).map(([name, group]) => [name, group.max_parallel]),
    ),
    resources: Object.fromEntries(Object.entries(input.resources ?? {})),
    cpus: host.cpus,
  };
  checkThresholds(config, root, report);
  checkBudget(config, root, host, report);
  checkTimes(config, root, report);
  return config;
}

function maxPids(
  wanted: number | 'auto' | 'none',
  { autoMaxPids }: HostFacts,
): Pick<RunConfig, 'maxPids'> {
  if (wanted === 'none') return {};
  return wanted === 'auto'
    ? { maxPids: { kind: 'auto', pids: autoMaxPids } }
    : { maxPids: { kind: 'told', pids: wanted } };
}

/** A share as a percentage, without the noise of binary fractions. */
function percent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : Number((share * 100).toFixed(6));
}

function nameFrom(file: string): string {
  const name = file === '<stdin>' ? 'stdin' : basename(file, extname(file));
  return name === '' ? 'jobfile' : name;
}

function checkThresholds(config: RunConfig, root: Located, report: Report): void {
  const { holdShare, preemptShare, criticalShare } = config;
  const order = [
    ['hold', holdShare],
    ['preempt', preemptShare],
    ['critical', criticalShare],
  ] as const;
  if (holdShare <= RESUME_POINTS) {
    report.at(originAt(root, ['memory', 'hold']), {
      message: `memory.hold: ${pct(holdShare)} is too low: starting goes on again 10 points below it`,
      mend: 'choose more than 10%',
    });
  }
  for (const [index, [name, value]] of order.entries()) {
    const next = order[index + 1];
    if (next === undefined || value < next[1]) continue;
    const [nextName, nextValue] = next;
    const written = originAt(root, ['memory', nextName]);
    const culprit = isSet(root, nextName) ? written : originAt(root, ['memory', name]);
    report.at(culprit, {
      message: `memory.${nextName} (${pct(nextValue)}) must be above memory.${name} (${pct(value)})`,
      mend: 'the order is hold < preempt < critical; the defaults are 80%, 90%, 95%',
    });
  }
}

function isSet(root: Located, key: string): boolean {
  const memory = root.kind === 'map' ? root.entries.get('memory')?.value : undefined;
  return memory?.kind === 'map' && memory.entries.has(key);
}

function pct(share: number): string {
  return `${String(Number((share * 100).toFixed(2)))}%`;
}

function checkBudget(config: RunConfig, root: Located, host: HostFacts, report: Report): void {
  if (config.budget.kind === 'auto') return;
  const { bytes } = config.budget;
  if (bytes === 0) {
    report.at(originAt(root, ['memory', 'budget']), {
      message: 'memory.budget: nothing could run in a budget of 0',
    });
  }
  if (bytes > host.baseBytes) {
    report.warn(
      `memory.budget (${formatBytes(bytes)}) is more than this host has (${formatBytes(host.baseBytes)}).`,
    );
  }
}

function checkTimes(config: RunConfig, root: Located, report: Report): void {
  if (config.pressure.windowMs >= config.intervalMs) return;
  report.at(originAt(root, ['interval']), {
    message: `interval (${formatDuration(config.intervalMs)}) must not be longer than pressure.window (${formatDuration(config.pressure.windowMs)})`,
    mend: 'make the window several intervals long, or leave it out: it then follows the interval',
  });
}

/** Warns of groups and resources that no job names: often a misspelling on the other side. */
export function warnUnused(
  config: RunConfig,
  usedGroups: ReadonlySet<string>,
  usedResources: ReadonlySet<string>,
  report: Report,
): void {
  for (const name of Object.keys(config.groups)) {
    if (!usedGroups.has(name))
      report.warn(`groups: no job names ${quote(name)} under concurrency.`);
  }
  for (const name of Object.keys(config.resources)) {
    if (!usedResources.has(name)) report.warn(`resources: no job takes ${quote(name)}.`);
  }
}
