import type { RunEvent } from '../../core/events.js';
import { linesFor } from '../../core/lines.js';
import type { Outcome } from '../../core/outcome.js';
import type { PressureLevel, RequeueCause } from '../../core/reasons.js';
import { queueLength } from '../../core/queue.js';
import type { RunState, TaskPhase } from '../../core/run-state.js';
import { printable } from '../../util/printable.js';
import { usedBytesIn } from '../peak.js';
import type { Reporter } from '../reporter.js';
import { PACED_TICK_MS, PacedDocument, type Document } from './document.js';
import { prometheusText, type Metric, type Sample } from './prometheus-text.js';

const OUTCOMES: readonly Outcome[] = [
  'succeeded',
  'failed',
  'oom-killed',
  'timed-out',
  'canceled',
  'skipped',
];
const LEVELS: readonly PressureLevel[] = ['open', 'hold', 'preempt', 'critical'];
const CAUSES: readonly RequeueCause['kind'][] = [
  'preempted',
  'bystander',
  'limit-grown',
  'retry',
  'checkpointed',
];
const LIVE: readonly TaskPhase['kind'][] = ['starting', 'running', 'suspended', 'stopping'];

/** What the reporter of metrics is made of. */
export interface MetricsOptions {
  readonly document: Document;
  /** Told once when the file cannot be written. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * `--metrics`: the run in numbers for the textfile collector of Prometheus' node_exporter. Every series has the name of
 * the run as a label; its id, which would make new series of each run, has `memsched_run_info` alone.
 */
export function createMetricsReporter({ document, onTrouble }: MetricsOptions): Reporter {
  const counters = new Counters();
  const paced = new PacedDocument({
    document,
    render: (state, nowMs) => [metricsText(state, counters, nowMs)],
    onTrouble,
  });
  return {
    event(event) {
      counters.event(event);
      paced.touch();
    },
    tick(state, nowMs) {
      paced.tick(state, nowMs);
    },
    tickEveryMs: PACED_TICK_MS,
    close: (state) => paced.close(state),
  };
}

/** What only the events tell. */
class Counters {
  peakBytes = 0;
  attempts = 0;
  cpuMs = 0;
  ranMs = 0;
  brakes = 0;
  lateTicks = 0;
  readonly requeues = new Map<RequeueCause['kind'], number>();
  readonly levels = new Map<PressureLevel, number>();

  event(event: RunEvent): void {
    this.peakBytes = Math.max(this.peakBytes, usedBytesIn(event));
    switch (event.kind) {
      case 'attempt-admitted':
        this.attempts += 1;
        return;
      case 'attempt-ended':
        this.cpuMs += event.cpuMs;
        this.ranMs += event.ranMs;
        return;
      case 'task-requeued':
        add(this.requeues, event.cause.kind, 1);
        return;
      case 'level-changed':
        add(this.levels, event.to, 1);
        return;
      case 'brake-felt':
        this.brakes += event.events;
        return;
      case 'tick-late':
        this.lateTicks += 1;
        return;
      default:
        return;
    }
  }
}

function add<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function metricsText(state: RunState, counters: Counters, nowMs: number): string {
  const { started } = state;
  if (started === undefined) return '';
  return prometheusText(
    [
      ...runMetrics(state, nowMs),
      ...taskMetrics(state, counters),
      ...memoryMetrics(state, counters),
    ],
    { name: printable(started.config.name) },
  );
}

function runMetrics({ started, ended, level }: RunState, nowMs: number): Metric[] {
  if (started === undefined) return [];
  const { startedAtMs, memsched, tier, runId } = started;
  return [
    gauge('memsched_run_info', 'What runs; always 1.', [
      { labels: { run: runId, tier, version: memsched }, value: 1 },
    ]),
    gauge('memsched_run_active', 'Whether the run goes on (1) or has ended (0).', [
      { value: ended === undefined ? 1 : 0 },
    ]),
    gauge('memsched_run_start_time_seconds', 'When the run started, seconds since 1970.', [
      { value: startedAtMs / 1000 },
    ]),
    gauge(
      'memsched_run_update_time_seconds',
      'When this was written, seconds since 1970: an old value of an active run says that it died.',
      [{ value: (startedAtMs + Math.round(nowMs)) / 1000 }],
    ),
    gauge(
      'memsched_level',
      'The level of alarm: 1 for the one that holds, 0 for the others.',
      LEVELS.map((name) => ({ labels: { level: name }, value: level === name ? 1 : 0 })),
    ),
  ];
}

function taskMetrics(state: RunState, counters: Counters): Metric[] {
  const { counts, unfinished, live } = state;
  const queued = queueLength(state.queue);
  const phases = new Map<string, number>();
  for (const { phase } of live.values()) add(phases, phase.kind, 1);
  return [
    gauge('memsched_tasks', 'Tasks that are not finished, by state; blocked ones wait for needs.', [
      { labels: { state: 'blocked' }, value: Math.max(0, unfinished - live.size - queued) },
      { labels: { state: 'queued' }, value: queued },
      ...LIVE.map((kind) => ({ labels: { state: kind }, value: phases.get(kind) ?? 0 })),
    ]),
    counter(
      'memsched_tasks_finished_total',
      'Tasks that are finished, by outcome.',
      byLabel('outcome', OUTCOMES, counts.outcomes),
    ),
    counter('memsched_attempts_total', 'Attempts that were started.', [
      { value: counters.attempts },
    ]),
    counter('memsched_preemptions_total', 'Attempts that were preempted.', [
      { value: counts.preemptions },
    ]),
    counter('memsched_suspensions_total', 'Times that an attempt was frozen for want of memory.', [
      { value: counts.suspensions },
    ]),
    counter('memsched_work_lost_seconds_total', 'Work of preempted attempts that was not saved.', [
      { value: counts.lostMs / 1000 },
    ]),
    counter('memsched_checkpoints_total', 'Checkpoints, by what came of them.', [
      { labels: { result: 'made' }, value: counts.checkpoints.made },
      { labels: { result: 'missed' }, value: counts.checkpoints.missed },
    ]),
    counter('memsched_oom_kills_total', "Attempts that the kernel's OOM killer ended.", [
      { value: counts.oomKills },
    ]),
    counter(
      'memsched_requeues_total',
      'Times that a task was put back into the queue, by cause.',
      byLabel('cause', CAUSES, counters.requeues),
    ),
    counter('memsched_attempt_run_seconds_total', 'How long attempts ran that are over.', [
      { value: counters.ranMs / 1000 },
    ]),
    counter('memsched_attempt_cpu_seconds_total', 'Processor time of attempts that are over.', [
      { value: counters.cpuMs / 1000 },
    ]),
  ];
}

function memoryMetrics(state: RunState, counters: Counters): Metric[] {
  const { started, budget, lastSample, live } = state;
  // Looks are only written down while something runs.
  const now = (bytes: number): number => (live.size === 0 ? 0 : bytes);
  return [
    gauge(
      'memsched_memory_budget_bytes',
      'Memory that all tasks together may use.',
      budget === undefined ? [] : [{ value: budget.budgetBytes }],
    ),
    gauge(
      'memsched_memory_line_bytes',
      'Use of all tasks at which a level is entered.',
      started === undefined || budget === undefined
        ? []
        : lineSamples(linesFor(started.config, budget.budgetBytes, lastSample?.unknownShare)),
    ),
    ...(lastSample === undefined
      ? []
      : [
          gauge('memsched_memory_used_bytes', 'Memory that all tasks together use.', [
            { value: now(lastSample.numbers.usedBytes) },
          ]),
          gauge('memsched_memory_claimed_bytes', 'Memory that running tasks are counted with.', [
            { value: now(lastSample.claimedBytes) },
          ]),
          gauge('memsched_memory_available_bytes', 'MemAvailable of the host.', [
            { value: lastSample.numbers.availableBytes },
          ]),
          gauge(
            'memsched_memory_pressure_ratio',
            'Part of the time that some, or all, tasks stalled on memory (PSI).',
            [
              ...ratio('some', lastSample.numbers.somePct),
              ...ratio('full', lastSample.numbers.fullPct),
            ],
          ),
        ]),
    gauge('memsched_memory_peak_bytes', 'The most that all tasks together were seen to use.', [
      { value: counters.peakBytes },
    ]),
    counter(
      'memsched_level_changes_total',
      'Times that a level was entered.',
      byLabel('level', LEVELS, counters.levels),
    ),
    counter('memsched_brake_events_total', 'Times that memory.high slowed tasks down.', [
      { value: counters.brakes },
    ]),
    counter('memsched_late_looks_total', 'Looks at memory that came late.', [
      { value: counters.lateTicks },
    ]),
  ];
}

function lineSamples({
  holdBytes,
  preemptBytes,
  criticalBytes,
}: ReturnType<typeof linesFor>): Sample[] {
  return [
    { labels: { level: 'hold' }, value: holdBytes },
    { labels: { level: 'preempt' }, value: preemptBytes },
    { labels: { level: 'critical' }, value: criticalBytes },
  ];
}

function ratio(kind: string, pct: number | undefined): Sample[] {
  return pct === undefined ? [] : [{ labels: { stalled: kind }, value: pct / 100 }];
}

function byLabel<K extends string>(
  label: string,
  keys: readonly K[],
  counts: ReadonlyMap<K, number>,
): Sample[] {
  return keys.map((key) => ({ labels: { [label]: key }, value: counts.get(key) ?? 0 }));
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}
