import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { MiB } from '../../../src/util/bytes.js';
import { createSummaryReporter } from '../../../src/reporters/summary.js';
import { feed, recorded, textOutput } from '../../support/journals.js';

async function summary(
  events: readonly RunEvent[],
  change: { level?: 0 | 1; isQuiet?: boolean } = {},
): Promise<string> {
  const out = textOutput();
  const colour = new Chalk({ level: change.level ?? 0 });
  await feed(createSummaryReporter({ out, colour, isQuiet: change.isQuiet ?? false }), events);
  return out.text();
}

describe('summary', () => {
  test('a run that went well', async () => {
    expect(`\n${await summary(recorded('preempted-then-succeeded'))}`).toMatchInlineSnapshot(`
      "
      TASK      OUTCOME    ATTEMPTS  PREEMPTIONS  PEAK  TIME
      small.a   succeeded         1            0   60M  1.9s
      small.b   succeeded         1            0   60M  1.9s
      small.c   succeeded         1            0   60M  2.4s
      align.a   succeeded         2            1  600M   14s
      align.b   succeeded         2            1  600M   11s
      align.c   succeeded         2            1  600M   10s
      align.d   succeeded         2            1  600M   10s
      index.a   succeeded         1            0  450M  7.9s
      index.b   succeeded         1            0  450M  7.9s
      report.a  succeeded         1            0   40M  0.4s

      10 tasks: 10 succeeded · 4 preemptions · peak 1.4G of 1.5G budget · 24s
      "
    `);
  });

  test('failures come with the command that shows their output', async () => {
    expect(`\n${await summary(recorded('own-limit-grows'))}`).toMatchInlineSnapshot(`
      "
      TASK       OUTCOME     ATTEMPTS  PREEMPTIONS  PEAK  TIME
      convert.a  succeeded          2            0  550M  2.8s
      convert.b  succeeded          1            0  300M  2.0s
      stubborn   oom-killed         1            0   96M  0.4s

      stubborn: killed by the kernel at its own limit: peak 96M of limit 100M (oom 1, oom_kill 1, max 1)
        memsched logs 20261123-064927-own-limit-grows-34 stubborn

      3 tasks: 2 succeeded, 1 oom-killed · 0 preemptions · 2 OOM kills · peak 550M of 3.5G budget · 3.8s
      "
    `);
  });

  test('quiet: no table', async () => {
    const text = await summary(recorded('preempted-then-succeeded'), { isQuiet: true });
    expect(text).toBe('10 tasks: 10 succeeded · 4 preemptions · peak 1.4G of 1.5G budget · 24s\n');
  });

  test('groups that outgrew their profiles come with the command that accepts it, ten at most', async () => {
    const grew = (at: number): RunEvent => ({
      kind: 'group-grew',
      tMs: 9000,
      group: at === 0 ? 'my group' : `g${at}`,
      task: 'align.a',
      beforeBytes: 800 * MiB,
      nowBytes: 1200 * MiB,
      growthPct: 50,
      limitPct: 20,
      samples: 12,
    });
    const events = recorded('halted').map((event) =>
      event.kind === 'run-started' ? { ...event, profileFile: '/home/u/ci cache.json' } : event,
    );
    const grown = Array.from({ length: 12 }, (_, at) => grew(at));
    const text = await summary([...events.slice(0, -1), ...grown, ...events.slice(-1)]);
    expect(text).toContain(
      'my group: peak 1.2G (task align.a), 50% more than the 800M of 12 stored runs; max_growth is 20%\n' +
        "  memsched profile forget 'my group' --profile-file '/home/u/ci cache.json'\n",
    );
    expect(text).toContain('\n… and 2 more groups\n');
  });

  test('colour adds nothing but colour', async () => {
    const painted = await summary(recorded('many-ends'), { level: 1 });
    expect(painted).toContain('\x1b[31mfailed');
    expect(stripVTControlCharacters(painted)).toBe(await summary(recorded('many-ends')));
  });
});

describe('with more than fifty tasks', () => {
  /** So many tasks in two jobs; every hundredth fails. */
  function crowd(count: number): RunEvent[] {
    const events = recorded('skipped-by-need');
    const [started] = events;
    const planned = events.find((event) => event.kind === 'task-planned');
    const admitted = events.find((event) => event.kind === 'attempt-admitted');
    if (started?.kind !== 'run-started' || planned === undefined || admitted === undefined)
      throw new Error('not as recorded');
    const tasks = Array.from({ length: count }, (_, index) => ({
      id: `t.${index}`,
      index,
      job: index % 3 === 0 ? 'third' : 'rest',
      fails: index % 100 === 99,
    }));
    return [
      { ...started, tasks: count },
      ...tasks.map(({ id, index, job }): RunEvent => ({
        ...planned,
        spec: { ...planned.spec, id, index, job, needs: [] },
      })),
      ...tasks.flatMap(({ id, fails }): RunEvent[] => [
        { ...admitted, task: id },
        {
          kind: 'attempt-ended',
          tMs: 500,
          task: id,
          attempt: 1,
          verdict: { kind: 'exit', code: fails ? 1 : 0 },
          peakBytes: 1024,
          cpuMs: 1,
          ranMs: 100,
        },
        { kind: 'task-finished', tMs: 500, task: id, outcome: fails ? 'failed' : 'succeeded' },
      ]),
    ];
  }

  test('failures have rows, the others are summed up by job, and what is left out is said', async () => {
    const text = await summary(crowd(300));
    const rows = text.split('\n');
    expect(rows.filter((row) => /^t\.\d+ +failed/.test(row))).toHaveLength(3);
    expect(text).toMatch(/^rest +200 +198 /m);
    expect(text).toMatch(/^third +100 +99 /m);
    expect(text).toContain('297 tasks without a row of their own: memsched show ');
    expect(text).toContain('300 tasks: 297 succeeded, 3 failed');
  });

  test('it stays short when thousands fail, and quick', async () => {
    const events = crowd(20_000);
    const text = await summary(
      events.map((event) =>
        event.kind === 'task-finished' ? { ...event, outcome: 'failed' as const } : event,
      ),
    );
    expect(text.split('\n').length).toBeLessThan(110);
    expect(text).toContain('19,950 more tasks failed or preempted');
    expect(text).toContain('… and 19990 more: memsched show');
  });
});
