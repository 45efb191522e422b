import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  contestants,
  JUDGED,
  YARDSTICK,
  type Contestant,
} from '../../../bench/predict/contestants.js';
import { parseCsv } from '../../../bench/csv.js';
import type { Job } from '../../../bench/predict/job.js';
import { maqOf, replay, wastedGBh, type Score } from '../../../bench/predict/replay.js';
import { judge } from '../../../bench/predict/report.js';
import { syntheticSet } from '../../../bench/predict/synthetic.js';
import { readTraces } from '../../../bench/predict/traces.js';
import { wasteOf } from '../../../bench/predict/waste.js';
import { tempDir } from '../../support/temp-dir.js';

const GB = 1e9;
const HOUR_MS = 3_600_000;

/** An hour's job of 10 GB that begins at `startHour`. */
function job(startHour: number, more: Partial<Job> = {}, peakGb = 10, hours = 1): Job {
  const startedAtMs = startHour * HOUR_MS;
  return {
    group: 'g',
    requestBytes: 40 * GB,
    submittedAtMs: startedAtMs,
    startedAtMs,
    run: {
      kind: 'completed',
      peakBytes: peakGb * GB,
      durationMs: hours * HOUR_MS,
      cpuMs: 0,
      endedAtMs: startedAtMs + hours * HOUR_MS,
      tier: 'cgroup',
    },
    courseBytes: undefined,
    ...more,
  };
}

describe('the waste of a job', () => {
  test('is what was set aside beyond its peak, for as long as it ran', () => {
    expect(wasteOf(job(0), 13 * GB, 10 * GB)).toEqual({
      usedByteMs: 10 * GB * HOUR_MS,
      overByteMs: 3 * GB * HOUR_MS,
      failedByteMs: 0,
      failedAttempts: 0,
    });
  });

  test('counts all of an attempt that failed at a time nobody recorded', () => {
    // 8 fails; then 110 % of the largest, 9.9, fails; then twice as much.
    expect(wasteOf(job(0), 8 * GB, 9 * GB)).toMatchObject({ failedAttempts: 1, overByteMs: 0 });
    expect(wasteOf(job(0, {}, 12), 8 * GB, 9 * GB)).toEqual({
      usedByteMs: 12 * GB * HOUR_MS,
      overByteMs: 8 * GB * HOUR_MS,
      failedByteMs: 18 * GB * HOUR_MS,
      failedAttempts: 2,
    });
  });

  test('counts an attempt up to the middle of the part in which it failed', () => {
    const courseBytes = [2, 5, 9, 10].map((gb) => gb * GB);
    const { failedByteMs } = wasteOf(job(0, { courseBytes }), 8 * GB, 10 * GB);
    expect(failedByteMs).toBe(8 * GB * HOUR_MS * (2.5 / 4));
  });

  test('of nothing set aside is a mistake of the caller', () => {
    expect(() => wasteOf(job(0), 0, 0)).toThrow(RangeError);
  });
});

/** Says the number of jobs that it was told of, in GB, and asks for the request before that. */
function counter(): Contestant & { readonly asked: number[] } {
  let told = 0;
  const asked: number[] = [];
  return {
    name: 'counter',
    asked,
    predict: () => {
      asked.push(told);
      return told === 0 ? undefined : told * GB;
    },
    learn: () => {
      told += 1;
    },
  };
}

describe('a replay', () => {
  // Two begin at once and last three hours, one begins as they end, one an hour after that.
  const jobs = [job(0, {}, 10, 3), job(0, {}, 10, 3), job(3), job(4)];

  test('with delayed feedback tells only of jobs that had ended when one began', () => {
    const contestant = counter();
    replay(jobs, contestant, 'delayed');
    expect(contestant.asked).toEqual([0, 0, 2, 3]);
  });

  test('with sequential feedback tells of all before it', () => {
    const contestant = counter();
    replay(jobs, contestant, 'sequential');
    expect(contestant.asked).toEqual([0, 1, 2, 3]);
  });

  test('never tells of a job before it is asked, however short it was', () => {
    const contestant = counter();
    replay([job(0, {}, 10, 0), job(0, {}, 10, 0)], contestant, 'delayed');
    expect(contestant.asked).toEqual([0, 0]);
  });

  test('adds up what its jobs wasted', () => {
    const score = replay(jobs, counter(), 'delayed');
    expect(score).toMatchObject({ jobs: 4, cold: 2, overruns: 2 });
    // Two cold ones: 30 GB too much for three hours each. 2 GB and 3 GB fail after an hour, and 11 GB is 1 GB too much.
    expect(wastedGBh(score)).toBeCloseTo(2 * 3 * 30 + 2 + 3 + 2);
    expect(maqOf(score)).toBeCloseTo(80 / (80 + 187));
  });
});

describe('the baselines', () => {
  test.each([
    ['user request', 40],
    ['max × 1', 20],
    [YARDSTICK, 22],
    ['max × 1.5', 30],
    ['p95 of all', 19],
    ['p99 of all × 1.1', 22],
  ])('%s', (name, gb) => {
    const contestant = contestants(false).find((one) => one.name === name);
    for (let at = 1; at <= 20; at += 1) contestant?.learn(job(at, {}, ((at * 7) % 20) + 1));
    expect((contestant?.predict(job(99)) ?? 0) / GB).toBeCloseTo(gb);
  });

  test('VPA is the upper edge of the bucket of the 90th percentile, and 15 %', () => {
    const contestant = contestants(false).find(({ name }) => name === 'VPA');
    for (let at = 1; at <= 20; at += 1) contestant?.learn(job(0, {}, at));
    const gb = (contestant?.predict(job(99)) ?? 0) / GB;
    expect(gb).toBeGreaterThan(18 * 1.15);
    expect(gb).toBeLessThan(18 * 1.15 * 1.06);
  });
});

describe('the gate', () => {
  const score = (overGBh: number, overruns: number): Score => ({
    jobs: 100,
    cold: 0,
    overruns,
    usedByteMs: 1,
    overByteMs: overGBh * GB * HOUR_MS,
    failedByteMs: 0,
    wastedByGroup: new Map(),
    usPerOperation: 1,
  });
  const verdictOf = (wasted: number, overruns: number, feedback: 'delayed' | 'sequential') =>
    judge([
      {
        set: 's',
        feedback,
        leftOut: 0,
        scores: new Map([
          [YARDSTICK, score(100, 1)],
          [JUDGED, score(wasted, overruns)],
        ]),
      },
    ]);

  test.each([
    [90, 8, true],
    [91, 8, false],
    [90, 9, false],
  ])('%i %% of the waste and %i %% overruns: %s', (wasted, overruns, isMet) => {
    expect(verdictOf(wasted, overruns, 'delayed').map((verdict) => verdict.isMet)).toEqual([isMet]);
  });

  test('judges delayed feedback alone', () => {
    expect(verdictOf(500, 50, 'sequential')).toEqual([]);
  });

  test('is met on made-up tasks', { timeout: 60_000 }, () => {
    const { name, jobs, leftOut } = syntheticSet(1);
    const scores = new Map(
      contestants(true)
        .filter((contestant) => [YARDSTICK, JUDGED].includes(contestant.name))
        .map((contestant) => [contestant.name, replay(jobs, contestant, 'delayed')]),
    );
    const [verdict] = judge([{ set: name, feedback: 'delayed', leftOut, scores }]);
    expect(verdict).toMatchObject({ isMet: true });
  });
});

describe('traces', () => {
  const SIZEY =
    'workflow,process,req_mem_bytes,peak_rss_bytes,rchar_bytes,cpu_pct,submit_ms,start_ms,complete_ms,realtime_ms';
  const KSEG =
    'workflow,task,start_s,duration_s,peak_mb,input_bytes,req_mem_mb,cpu_mean,bins_max_mb';

  function folderWith(sizey: string, kseg: string): string {
    const folder = tempDir();
    writeFileSync(join(folder, 'sizey_nfcore.csv.gz'), gzipSync(`${SIZEY}\n${sizey}\n`));
    writeFileSync(join(folder, 'kseg_timeseries.csv.gz'), gzipSync(`${KSEG}\n${kseg}\n`));
    return folder;
  }

  const bins = Array.from({ length: 48 }, (_, bin) => bin + 1).join(' ');

  test('are read as jobs; what was not measured is left out', () => {
    const folder = folderWith(
      'w,p,4000000000,1000000000,99,150,1000,2000,9000,6000\nw,p,4000000000,1000000000,99,150,1000,2000,2000,0',
      `w,t,10,20,48.4,5000,4000,200,${bins}`,
    );
    const [sizey, kseg] = readTraces(folder);
    expect(sizey).toMatchObject({ name: 'sizey', leftOut: 1, hasInputs: false });
    expect(sizey?.jobs[0]).toEqual({
      group: 'w p',
      requestBytes: 4 * GB,
      submittedAtMs: 1000,
      startedAtMs: 2000,
      run: {
        kind: 'completed',
        peakBytes: GB,
        durationMs: 6000,
        cpuMs: 9000,
        endedAtMs: 9000,
        tier: 'cgroup',
      },
      courseBytes: undefined,
    });
    const [job0] = kseg?.jobs ?? [];
    expect(job0).toMatchObject({ group: 'w t', startedAtMs: 10_000 });
    expect(job0?.run).toMatchObject({ inputBytes: 5000, endedAtMs: 30_000, peakBytes: 48.4e6 });
    expect(job0?.run.curve?.slice(0, 3)).toEqual([3e6, 6e6, 9e6]);
    expect(job0?.courseBytes).toHaveLength(48);
  });

  test('that are not as expected are refused with the place', () => {
    const other = folderWith('w,p,much,1,99,150,1000,2000,9000,6000', `w,t,1,1,1,1,1,1,${bins}`);
    expect(() => readTraces(other)).toThrow(
      'sizey_nfcore.csv.gz: expected a number in column req_mem_bytes, found "much"',
    );
    expect(() => parseCsv('a,b\n1,2\n3\n', 'f.csv')).toThrow('f.csv, line 3: expected 2 cells');
  });
});
