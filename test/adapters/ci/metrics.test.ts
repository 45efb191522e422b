import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { createMetricsReporter } from '../../../src/reporters/ci/metrics.js';
import { readMetrics, type ReadSample } from '../../support/consumers.js';
import { feed, journalNames, recorded, textDocument } from '../../support/journals.js';
import { madeRun, succeeding } from '../../support/made-run.js';

async function versions(events: readonly RunEvent[]): Promise<readonly string[]> {
  const document = textDocument();
  await feed(
    createMetricsReporter({ document, onTrouble: (error) => expect.fail(String(error)) }),
    events,
  );
  return document.versions;
}

async function metrics(events: readonly RunEvent[]): Promise<readonly ReadSample[]> {
  return readMetrics((await versions(events)).at(-1) ?? '');
}

function value(
  samples: readonly ReadSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  return samples.find(
    (one) =>
      one.name === name &&
      Object.entries(labels).every(([key, wanted]) => one.labels[key] === wanted),
  )?.value;
}

describe('metrics for Prometheus', () => {
  it.each(journalNames())('of the recorded run "%s" please promtool', async (name) => {
    const events = recorded(name);
    const samples = await metrics(events);
    const finished = samples
      .filter((one) => one.name === 'memsched_tasks_finished_total')
      .reduce((sum, one) => sum + one.value, 0);
    expect(finished).toBe(events.filter(({ kind }) => kind === 'task-finished').length);
    const isOver = events.some(({ kind }) => kind === 'run-ended');
    expect(value(samples, 'memsched_run_active')).toBe(isOver ? 0 : 1);
  });

  it('count what happened, in base units', async () => {
    const events = recorded('preempted-then-succeeded');
    const samples = await metrics(events);
    const started = events.find((event) => event.kind === 'run-started');
    expect(value(samples, 'memsched_preemptions_total')).toBe(4);
    expect(value(samples, 'memsched_requeues_total', { cause: 'preempted' })).toBe(4);
    expect(value(samples, 'memsched_attempts_total')).toBe(14);
    expect(value(samples, 'memsched_tasks_finished_total', { outcome: 'succeeded' })).toBe(10);
    expect(value(samples, 'memsched_run_start_time_seconds')).toBe(
      (started?.startedAtMs ?? 0) / 1000,
    );
    expect(value(samples, 'memsched_memory_budget_bytes')).toBeGreaterThan(2 ** 30);
    expect(value(samples, 'memsched_memory_peak_bytes')).toBeGreaterThan(2 ** 30);
    expect(value(samples, 'memsched_memory_used_bytes')).toBe(0);
    expect(value(samples, 'memsched_level_changes_total', { level: 'critical' })).toBeGreaterThan(
      0,
    );
    expect(samples.every(({ labels }) => labels['name'] === 'preempted-then-succeeded')).toBe(true);
  });

  it('are valid at every moment, and show what runs and what it uses', async () => {
    const all = await versions(recorded('preempted-then-succeeded'));
    expect(all.length).toBeGreaterThan(5);
    let mostRunning = 0;
    let mostUsed = 0;
    for (const text of all) {
      const samples = await readMetrics(text);
      const running = value(samples, 'memsched_tasks', { state: 'running' }) ?? 0;
      mostRunning = Math.max(mostRunning, running);
      mostUsed = Math.max(mostUsed, value(samples, 'memsched_memory_used_bytes') ?? 0);
      expect(
        samples
          .filter(({ name }) => name === 'memsched_level')
          .reduce((sum, one) => sum + one.value, 0),
      ).toBe(1);
    }
    expect(mostRunning).toBeGreaterThan(3);
    expect(mostUsed).toBeGreaterThan(2 ** 30);
  });

  it('take a name of any kind', async () => {
    const samples = await metrics(madeRun([succeeding('a')], 'quotes " and \\ and \n}{#'));
    expect(samples[0]?.labels['name']).toBe('quotes " and \\ and \\n}{#');
  });

  it('the judge of these tests complains of bad names and of what is no metric', async () => {
    await expect(
      readMetrics('# HELP a_total x\n# TYPE a_total gauge\na_total 1\n'),
    ).rejects.toThrow('non-counter metrics should not have "_total" suffix');
    await expect(readMetrics('a{b=c} 1\n')).rejects.toThrow('error while linting');
  });
});
