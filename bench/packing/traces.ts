import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { numberIfAny, numberIn, readTable, type Row } from '../csv.js';
import { curveFor } from './shapes.js';
import type { PackingJob, Workload } from './workload.js';

/** The traces say "MB"; the tools that recorded them count in powers of ten. */
const MB = 1e6;
/** A recorded use of nothing would be no task at all. */
const LEAST_BYTES = 1 * MB;

const CURVES_FILE = 'kseg_timeseries.csv.gz';
const DAGS_FILE = 'wfinstances_dag.csv.gz';

/**
 * Recorded tasks with their curves, a workload for each workflow.
 *
 * @param folder - holds `kseg_timeseries.csv.gz`.
 * @throws Error when it is missing or not as expected.
 */
export function readCurves(folder: string): Workload[] {
  const path = join(folder, CURVES_FILE);
  if (!existsSync(path)) throw new Error(`there is no ${CURVES_FILE} in ${folder}`);
  const rows = readTable(path);
  return [...groupBy(rows, 'workflow')].map(([name, ofOne]) => {
    const firstMs = Math.min(...ofOne.map((row) => numberIn(row, 'start_s', CURVES_FILE) * 1000));
    return {
      name,
      jobs: ofOne.map((row) => curveJob(row, firstMs)),
      about: 'recorded curves in 48 parts',
    };
  });
}

function curveJob(row: Row, firstMs: number): PackingJob {
  const curve = (row['bins_max_mb'] ?? '').split(' ').map((mb) => Number(mb) * MB);
  if (curve.some((bytes) => !Number.isFinite(bytes)))
    throw new Error(`expected numbers in column bins_max_mb, found "${row['bins_max_mb'] ?? ''}"`);
  return {
    group: row['task'] ?? '',
    course: {
      curve,
      durationMs: numberIn(row, 'duration_s', CURVES_FILE) * 1000,
      cpus: numberIn(row, 'cpu_mean', CURVES_FILE) / 100,
    },
    requestBytes: numberIn(row, 'req_mem_mb', CURVES_FILE) * MB,
    inputBytes: numberIn(row, 'input_bytes', CURVES_FILE),
    arrivalMs: numberIn(row, 'start_s', CURVES_FILE) * 1000 - firstMs,
    needs: [],
  };
}

/**
 * Whole workflows with their dependencies: all recorded runs of one application side by side. Of each task the peak
 * is known and nothing else, so that its curve is made up, alike within a category.
 *
 * @param folder - may hold `wfinstances_dag.csv.gz`; without it there are none.
 */
export function readDags(folder: string): Workload[] {
  const path = join(folder, DAGS_FILE);
  if (!existsSync(path)) return [];
  const byApplication = new Map<string, Row[][]>();
  for (const [instance, rows] of groupBy(readTable(path), 'instance')) {
    const application = applicationOf(instance);
    byApplication.set(application, [...(byApplication.get(application) ?? []), rows]);
  }
  return [...byApplication].map(([name, instances]) => ({
    name,
    jobs: dagJobs(instances),
    about: 'recorded dependencies and peaks, made-up curves',
  }));
}

/** `blast-chameleon-large-001` is blast; every nf-core pipeline, run once each, is one of a kind. */
function applicationOf(instance: string): string {
  const [application = '', machine = ''] = instance.split('-');
  return machine.startsWith('dirt') ? 'nf-core' : application;
}

function dagJobs(instances: readonly (readonly Row[])[]): PackingJob[] {
  const jobs: PackingJob[] = [];
  for (const rows of instances) {
    const first = jobs.length;
    const places = new Map(rows.map((row, at) => [row['task_no'], first + at]));
    for (const row of rows) jobs.push(dagJob(row, places));
  }
  return jobs;
}

function dagJob(row: Row, places: ReadonlyMap<string | undefined, number>): PackingJob {
  // `blastall_ID000002` and `…ID000003` are tasks of one category.
  const category = (row['category'] ?? '').replace(/_ID\d+$/, '');
  const peakBytes = Math.max(LEAST_BYTES, optionalNumber(row, 'mem_bytes'));
  return {
    group: category,
    course: {
      curve: curveFor(category).map((share) => share * peakBytes),
      durationMs: Math.max(1, optionalNumber(row, 'runtime_s') * 1000),
      cpus: Math.max(0.01, optionalNumber(row, 'avg_cpu_pct') / 100),
    },
    inputBytes: optionalNumber(row, 'input_bytes'),
    arrivalMs: 0,
    needs: (row['parents'] ?? '')
      .split(' ')
      .filter((parent) => parent !== '')
      .map((parent) => {
        const place = places.get(parent);
        if (place === undefined) throw new Error(`${DAGS_FILE}: there is no parent ${parent}`);
        return place;
      }),
  };
}

function optionalNumber(row: Row, column: string): number {
  return numberIfAny(row, column, DAGS_FILE) ?? 0;
}

function groupBy(rows: readonly Row[], column: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = row[column] ?? '';
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}
