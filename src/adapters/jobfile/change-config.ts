import type { ConfigChange } from '../../core/command.js';
import type { RunConfig } from '../../core/task-spec.js';
import { formatBytes } from '../../util/bytes.js';
import { err, ok, type Result } from '../../util/result.js';
import { runConfig, type HostFacts } from './config.js';
import { JobfileError } from './jobfile-error.js';
import { applyOverrides, type Override } from './overrides.js';
import { parseYaml } from './parse-yaml.js';
import { quote } from './printable.js';
import { Report } from './report.js';
import { SourceText } from './source-text.js';
import { suggest } from './suggest.js';
import { validate } from './validate.js';

/** What may be changed while a run is under way: the name, and where it stands in a jobfile. */
const KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['budget', ['memory', 'budget']],
  ['hold', ['memory', 'hold']],
  ['preempt', ['memory', 'preempt']],
  ['critical', ['memory', 'critical']],
  ['overcommit', ['memory', 'overcommit']],
  ['max_parallel', ['max_parallel']],
  ['halt', ['halt']],
]);
/** The names of what may be changed, but for `groups.NAME`. */
export const CHANGEABLE: readonly string[] = [...KEYS.keys()];
/** `groups.NAME`, or as in a jobfile `groups.NAME.max_parallel`. */
const GROUP = /^groups\.([^.]+)(?:\.max_parallel)?$/;

const THRESHOLDS: readonly string[] = ['hold', 'preempt', 'critical', 'overcommit'];

/** Stands in for the jobfile of the run, of which only the configuration matters here. */
const STAND_IN = 'version: 1\njobs: { any: { run: "true" } }\n';

/**
 * One key of a live run's configuration changed, validated by the definitions of the jobfile and against the rest of
 * the configuration.
 *
 * @param key - `max_parallel`; keys of `memory:` with or without it, `groups.NAME` for a concurrency group.
 * @param value - as in a jobfile; `none` takes `max_parallel` away.
 * @returns the change, or a text that says what is wrong and what is allowed.
 */
export function changeConfig(
  config: RunConfig,
  key: string,
  value: string,
  host: HostFacts,
): Result<ConfigChange, string> {
  const short = key.startsWith('memory.') ? key.slice('memory.'.length) : key;
  const group = GROUP.exec(short)?.[1];
  const path = group === undefined ? KEYS.get(short) : ['groups', group, 'max_parallel'];
  if (path === undefined || (group !== undefined && !Object.hasOwn(config.groups, group)))
    return err(unknownKey(key, config));
  const before = textOf(config, short, group);
  if (short === 'max_parallel' && value === 'none') {
    return ok({ key: short, before, after: 'none', config: withoutMaxParallel(config) });
  }
  const read = readChanged(config, { option: `${key}=${value}`, path, value }, host);
  if (!read.ok) return read;
  const changed =
    group === undefined ? pick(config, short, read.value) : withGroup(config, group, read.value);
  return ok({ key: short, before, after: textOf(changed, short, group), config: changed });
}

function withoutMaxParallel(config: RunConfig): RunConfig {
  const entries = Object.entries(config).filter(([name]) => name !== 'maxParallel');
  return Object.fromEntries(entries) as unknown as RunConfig;
}

function unknownKey(key: string, { groups }: RunConfig): string {
  const all = [...KEYS.keys(), ...Object.keys(groups).map((name) => `groups.${name}`)];
  const { suggestion } = suggest(key, all);
  const meant = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
  return `${quote(key)} cannot be set while a run is under way${meant}\n  what can: ${all.join(', ')}`;
}

function readChanged(
  config: RunConfig,
  change: Override,
  host: HostFacts,
): Result<RunConfig, string> {
  const report = new Report(new SourceText('set', STAND_IN));
  const parsed = parseYaml(report);
  const root = parsed && applyOverrides(parsed, [...standing(config), change], report);
  const validated = root && validate(root, report);
  const next = validated && runConfig(validated.input, validated.root, host, report);
  return next === undefined || report.diagnostics.length > 0
    ? err(new JobfileError(report.diagnostics).format())
    : ok(next);
}

/** The configuration as it is, where the change must fit in with it. */
function standing({ holdShare, preemptShare, criticalShare, groups }: RunConfig): Override[] {
  const memory = { hold: holdShare, preempt: preemptShare, critical: criticalShare };
  return [
    ...Object.entries(memory).map(([key, value]) => overrideOf(['memory', key], value)),
    ...Object.entries(groups).map(([name, cap]) =>
      overrideOf(['groups', name, 'max_parallel'], cap),
    ),
  ];
}

function overrideOf(path: readonly string[], value: number): Override {
  return { option: path.join('.'), path, value };
}

/** What was read, of this key alone: the rest of the configuration stays to the letter. */
function pick(config: RunConfig, key: string, read: RunConfig): RunConfig {
  const { budget, holdShare, preemptShare, criticalShare, overcommit, maxParallel, halt } = read;
  const told = THRESHOLDS.includes(key) ? { isAsTold: true as const } : {};
  const parts: Readonly<Record<string, Partial<RunConfig>>> = {
    budget: { budget },
    hold: { holdShare },
    preempt: { preemptShare },
    critical: { criticalShare },
    overcommit: { overcommit },
    max_parallel: maxParallel === undefined ? {} : { maxParallel },
    halt: { halt },
  };
  return { ...config, ...parts[key], ...told };
}

function withGroup(config: RunConfig, group: string, read: RunConfig): RunConfig {
  const cap = read.groups[group];
  return cap === undefined ? config : { ...config, groups: { ...config.groups, [group]: cap } };
}

/** The value as the user would write it. */
function textOf(config: RunConfig, key: string, group: string | undefined): string {
  if (group !== undefined) return String(config.groups[group] ?? 'none');
  const { budget, halt } = config;
  const texts: Readonly<Record<string, () => string>> = {
    budget: () => (budget.kind === 'auto' ? 'auto' : formatBytes(budget.bytes)),
    hold: () => percent(config.holdShare),
    preempt: () => percent(config.preemptShare),
    critical: () => percent(config.criticalShare),
    overcommit: () => String(config.overcommit),
    max_parallel: () => String(config.maxParallel ?? 'none'),
    halt: () => {
      if (halt.kind === 'never') return 'never';
      const { threshold } = halt;
      return `${halt.kind},fail=${threshold.kind === 'count' ? threshold.failures : `${threshold.pct}%`}`;
    },
  };
  return texts[key]?.() ?? '';
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}
