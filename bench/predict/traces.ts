import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CURVE_BINS } from '../../src/core/learning/types.js';
import { numberIn, parseCsv, type Row } from './csv.js';
import type { Job, TraceSet } from './job.js';

/** The traces say "MB"; the tools that recorded them count in powers of ten. */
const MB = 1e6;

/**
 * The recorded sets in a folder.
 *
 * @throws Error when one is missing or not as expected.
 */
export function readTraces(folder: string): TraceSet[] {
  return [
    { name: 'sizey', jobs: read(folder, 'sizey_nfcore.csv.gz', sizeyJob), hasInputs: false },
    { name: 'kseg', jobs: read(folder, 'kseg_timeseries.csv.gz', ksegJob), hasInputs: true },
  ];
}

function read(folder: string, name: string, toJob: (row: Row, source: string) => Job): Job[] {
  const rows = parseCsv(gunzipSync(readFileSync(join(folder, name))).toString('utf8'), name);
  return rows.map((row) => toJob(row, name)).filter(({ run }) => run.durationMs > 0);
}

/** `rchar_bytes` is left alone: it is known only after the task ran. */
function sizeyJob(row: Row, source: string): Job {
  const cell = (column: string): number => numberIn(row, column, source);
  const startedAtMs = cell('start_ms');
  const durationMs = cell('realtime_ms');
  return {
    workflow: row['workflow'] ?? '',
    group: `${row['workflow'] ?? ''} ${row['process'] ?? ''}`,
    requestBytes: cell('req_mem_bytes'),
    submittedAtMs: cell('submit_ms'),
    startedAtMs,
    run: {
      kind: 'completed',
      peakBytes: cell('peak_rss_bytes'),
      durationMs,
      cpuMs: (cell('cpu_pct') / 100) * durationMs,
      endedAtMs: Math.max(cell('complete_ms'), startedAtMs + durationMs),
      tier: 'cgroup',
    },
    courseBytes: undefined,
  };
}

function ksegJob(row: Row, source: string): Job {
  const cell = (column: string): number => numberIn(row, column, source);
  const startedAtMs = cell('start_s') * 1000;
  const durationMs = cell('duration_s') * 1000;
  const peakBytes = cell('peak_mb') * MB;
  const inputBytes = cell('input_bytes');
  const courseBytes = (row['bins_max_mb'] ?? '').split(' ').map((mb) => Number(mb) * MB);
  return {
    workflow: row['workflow'] ?? '',
    group: `${row['workflow'] ?? ''} ${row['task'] ?? ''}`,
    requestBytes: cell('req_mem_mb') * MB,
    submittedAtMs: startedAtMs,
    startedAtMs,
    run: {
      kind: 'completed',
      peakBytes,
      durationMs,
      cpuMs: (cell('cpu_mean') / 100) * durationMs,
      endedAtMs: startedAtMs + durationMs,
      tier: 'cgroup',
      inputBytes,
      curve: coarser(courseBytes),
    },
    courseBytes,
  };
}

/** As many bins as memsched keeps, each the maximum of those that it covers. */
function coarser(course: readonly number[]): number[] {
  const share = course.length / CURVE_BINS;
  return Array.from({ length: CURVE_BINS }, (_, bin) =>
    Math.max(...course.slice(Math.floor(bin * share), Math.ceil((bin + 1) * share))),
  );
}
