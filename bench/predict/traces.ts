import { join } from 'node:path';
import { CURVE_BINS } from '../../src/core/learning/types.js';
import { numberIfAny, readTable, type Row } from '../csv.js';
import type { Job, TraceSet } from './job.js';

/** The traces say "MB"; the tools that recorded them count in powers of ten. */
const MB = 1e6;

/** A row's numbers by column. */
type Cell = (column: string) => number | undefined;

/** How one kind of recording is read: undefined for a row that lacks what a replay needs. */
type ToJob = (row: Row, cell: Cell) => Job | undefined;

/**
 * The recorded sets in a folder. Rows without a duration, a peak or a request are left out: nothing was measured, or
 * nothing could be set aside before the group is known.
 *
 * @throws Error when a file is missing or not as expected.
 */
export function readTraces(folder: string): TraceSet[] {
  return [
    { name: 'sizey', hasInputs: false, ...read(folder, 'sizey_nfcore.csv.gz', sizeyJob) },
    { name: 'kseg', hasInputs: true, ...read(folder, 'kseg_timeseries.csv.gz', ksegJob) },
  ];
}

function read(folder: string, name: string, toJob: ToJob): Pick<TraceSet, 'jobs' | 'leftOut'> {
  const rows = readTable(join(folder, name));
  const jobs = rows
    .map((row) => toJob(row, (column) => numberIfAny(row, column, name)))
    .filter((job) => job !== undefined);
  return { jobs, leftOut: rows.length - jobs.length };
}

/** `rchar_bytes` is left alone: it is known only after the task ran. */
function sizeyJob(row: Row, cell: Cell): Job | undefined {
  const requestBytes = cell('req_mem_bytes');
  const peakBytes = cell('peak_rss_bytes');
  const durationMs = cell('realtime_ms');
  const startedAtMs = cell('start_ms');
  if (!requestBytes || !peakBytes || !durationMs || startedAtMs === undefined) return undefined;
  return {
    group: `${row['workflow'] ?? ''} ${row['process'] ?? ''}`,
    requestBytes,
    submittedAtMs: cell('submit_ms') ?? startedAtMs,
    startedAtMs,
    run: {
      kind: 'completed',
      peakBytes,
      durationMs,
      cpuMs: ((cell('cpu_pct') ?? 0) / 100) * durationMs,
      endedAtMs: Math.max(cell('complete_ms') ?? 0, startedAtMs + durationMs),
      tier: 'cgroup',
    },
    courseBytes: undefined,
  };
}

/** `input_bytes` is the size of the task's input files, known before it runs. */
function ksegJob(row: Row, cell: Cell): Job | undefined {
  const requestMb = cell('req_mem_mb');
  const peakMb = cell('peak_mb');
  const durationS = cell('duration_s');
  const startS = cell('start_s');
  if (!requestMb || !peakMb || !durationS || startS === undefined) return undefined;
  const courseBytes = (row['bins_max_mb'] ?? '').split(' ').map((mb) => Number(mb) * MB);
  const inputBytes = cell('input_bytes');
  return {
    group: `${row['workflow'] ?? ''} ${row['task'] ?? ''}`,
    requestBytes: requestMb * MB,
    submittedAtMs: startS * 1000,
    startedAtMs: startS * 1000,
    run: {
      kind: 'completed',
      peakBytes: peakMb * MB,
      durationMs: durationS * 1000,
      cpuMs: ((cell('cpu_mean') ?? 0) / 100) * durationS * 1000,
      endedAtMs: (startS + durationS) * 1000,
      tier: 'cgroup',
      ...(inputBytes === undefined ? {} : { inputBytes }),
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
