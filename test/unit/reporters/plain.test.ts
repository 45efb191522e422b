import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { createPlainReporter } from '../../../src/reporters/plain.js';
import type { Verbosity } from '../../../src/reporters/reporter.js';
import { feed, logsIn, recorded, textOutput } from '../../support/journals.js';
import { tempDir } from '../../support/temp-dir.js';

async function told(
  events: readonly RunEvent[],
  verbosity: Verbosity = 'normal',
  folder = tempDir(),
): Promise<string[]> {
  const out = textOutput();
  await feed(createPlainReporter({ out, logs: logsIn(folder), verbosity }), events);
  return out.text().split('\n').slice(0, -1);
}

describe('plain lines', () => {
  test('what a run begins with', async () => {
    const lines = await told(recorded('preempted-then-succeeded'));
    expect(lines.slice(0, 3)).toEqual([
      'memsched 0.1.0: run 20261123-064927-preempted-then-succeeded-34 (preempted-then-succeeded), 10 tasks, tier cgroup: cgroup v2 contains and measures the tasks',
      '[  0.0s] budget     1.5G (auto; the host has 2.0G, others use 150M): hold 1.2G, preempt 1.4G, critical 1.4G',
      '[  0.0s] start      small.a: estimate 387M (a guess: nothing is known of it yet)',
    ]);
  });

  test('a preemption: why, and what becomes of the victim', async () => {
    const lines = await told(recorded('preempted-then-succeeded'));
    const first = lines.findIndex((line) => line.includes('] preempt '));
    expect(lines.slice(first, first + 2)).toEqual([
      '[  3.2s] preempt    align.c: level critical: used 1.3G of budget 1.5G, growing 485M/s, host has 539M available; aims at 1.3G; 1 of 7 running chosen',
      '[  3.2s] requeue    align.c: preempted at a peak of 340M; runs again after preemption 1, estimate at least 440M, in 1.0s at the earliest',
    ]);
    expect(lines).toContain('[   16s] done       align.c: ran 7.0s, peak 600M, attempt 2');
  });

  test('a task killed at its own limit runs again with more', async () => {
    const lines = await told(recorded('own-limit-grows'));
    expect(lines).toContain(
      '[  0.8s] requeue    convert.a: killed by the kernel at its own limit: peak 396M of limit 400M (oom 1, oom_kill 1, max 1); runs again with limit 600M instead of 400M, in 1.0s at the earliest',
    );
    expect(
      lines.some((line) =>
        line.includes('oom-killed stubborn: killed by the kernel at its own limit'),
      ),
    ).toBe(true);
  });

  test('progress at most every ten seconds', async () => {
    const times = (await told(recorded('preempted-then-succeeded')))
      .filter((line) => line.includes('] progress '))
      .map((line) => Number.parseFloat(line.slice(1)));
    expect(times).toEqual([10, 20]);
  });

  test('quiet: only what went wrong', async () => {
    expect(await told(recorded('preempted-then-succeeded'), 'quiet')).toEqual([]);
    expect(await told(recorded('halted'), 'quiet')).toEqual([
      '[  1.4s] failed     test.b: exit code 1, ran 1.4s, peak 100M',
      '[  1.4s] halt       1 task did not succeed; the others are stopped',
    ]);
  });

  test('verbose tells of kills, too', async () => {
    const normal = await told(recorded('stopped-by-signal'));
    const verbose = await told(recorded('stopped-by-signal'), 'verbose');
    expect(normal.some((line) => line.includes('] kill '))).toBe(false);
    expect(verbose).toContain('[  4.0s] kill       work.a after 1.0s (second-signal)');
  });

  test.each(['preempted-then-succeeded', 'many-ends', 'bystander', 'never-preemptible', 'halted'])(
    '%s: no line holds an escape code or is empty',
    async (name) => {
      for (const line of await told(recorded(name), 'verbose'))
        expect(line).toMatch(/^[^\p{Cc}]+$/u);
    },
  );
});

describe('with thousands of tasks', () => {
  /** One run of so many short tasks, all let in and done within a second. */
  function* crowd(count: number): Generator<RunEvent> {
    const events = recorded('skipped-by-need');
    const [started] = events;
    const planned = events.find((event) => event.kind === 'task-planned');
    const admitted = events.find((event) => event.kind === 'attempt-admitted');
    if (started?.kind !== 'run-started' || planned === undefined || admitted === undefined)
      throw new Error('not as recorded');
    const ids = Array.from({ length: count }, (_, index) => `t.${index}`);
    yield { ...started, tasks: count };
    for (const [index, id] of ids.entries())
      yield { ...planned, spec: { ...planned.spec, id, index, needs: [] } };
    for (const task of ids) {
      yield { ...admitted, task };
      yield {
        kind: 'attempt-ended',
        tMs: 500,
        task,
        attempt: 1,
        verdict: { kind: 'exit', code: task === 't.7' ? 1 : 0 },
        peakBytes: 1,
        cpuMs: 1,
        ranMs: 1,
      };
      yield {
        kind: 'task-finished',
        tMs: 500,
        task,
        outcome: task === 't.7' ? 'failed' : 'succeeded',
      };
    }
  }

  test('starts and successes are left out, failures are not', async () => {
    const lines = await told([...crowd(2000)]);
    expect(lines.slice(1)).toEqual(['[  0.5s] failed     t.7: exit code 1, ran 0.0s, peak 1B']);
  });

  test('and told when asked for', async () => {
    expect((await told([...crowd(2000)], 'verbose')).length).toBe(1 + 2 * 2000);
  });
});

describe('the end of the output of a task that failed', () => {
  test('both streams, the last lines only, nothing that a terminal obeys', async () => {
    const folder = tempDir();
    const many = Array.from({ length: 50 }, (_, at) => `line ${at}`).join('\n');
    writeFileSync(join(folder, 'test.b.1.out'), `${many}\n`);
    writeFileSync(join(folder, 'test.b.1.err'), '\x1b[2J\x1b[31mboom\x1b[0m\r\n\x07\n');
    const lines = await told(recorded('halted'), 'quiet', folder);
    expect(lines.slice(1, 4)).toEqual(['    stdout, its end:', '    | line 30', '    | line 31']);
    expect(lines.slice(20, 24)).toEqual([
      '    | line 48',
      '    | line 49',
      '    stderr:',
      '    | boom',
    ]);
    expect(lines[24]).toBe('    | \\x07');
  });

  test('a file far larger than what is shown is not read as a whole', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'test.b.1.err'), `${'x'.repeat(3_000_000)}\nlast words\n`);
    const lines = await told(recorded('halted'), 'quiet', folder);
    expect(lines.slice(1, 3)).toEqual(['    stderr, its end:', '    | last words']);
  });
});
