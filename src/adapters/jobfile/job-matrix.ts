import { formatCount } from '../../util/count.js';
import type { Job } from './jobs.js';
import type { Located, LocatedList, LocatedMap } from './located.js';
import { expandMatrix, type MatrixInput, type Row } from './matrix.js';
import { MATRIX_KEY, MATRIX_KEY_GRAMMAR, matrixVariable } from './names.js';
import { quote } from './printable.js';
import type { Report } from './report.js';
import { suggest } from '../../util/suggest.js';
import { checkPassable } from './texts.js';

/** The rows of a job's matrix and every key they may have. */
export interface JobRows {
  readonly rows: readonly Row[];
  readonly keys: readonly string[];
}

const NO_MATRIX: JobRows = { rows: [{}], keys: [] };

/**
 * Expands a job's matrix; a job without one has a single empty row.
 *
 * @param max - how many tasks there may still be.
 * @returns undefined when the matrix is faulty.
 */
export function jobRows(job: Job, max: number, report: Report): JobRows | undefined {
  const located = job.located('matrix');
  if (located?.kind !== 'map') return NO_MATRIX;
  const before = report.diagnostics.length;
  const matrix = readMatrix(located);
  checkValues(job, located, report);
  checkAxes(job, matrix, report);
  checkRowsOf(job, matrix, report);
  const keys = [
    ...new Set([...matrix.axes.keys(), ...matrix.include.flatMap((row) => Object.keys(row))]),
  ];
  checkVariables(job, keys, report);
  if (report.diagnostics.length > before) return undefined;
  const rows = expand(job, matrix, max, report);
  return rows === undefined ? undefined : { rows, keys };
}

function readMatrix(located: LocatedMap): MatrixInput {
  const axes = new Map<string, readonly string[]>();
  let include: readonly Row[] = [];
  let exclude: readonly Row[] = [];
  for (const [key, { value }] of located.entries) {
    const items = value.kind === 'list' ? value.items : [];
    if (key === 'include') include = items.map(rowOf);
    else if (key === 'exclude') exclude = items.map(rowOf);
    else axes.set(key, items.map(textOf));
  }
  return { axes, include, exclude };
}

function textOf(value: Located): string {
  return value.kind === 'scalar' ? value.text : '';
}

function rowOf(value: Located): Row {
  if (value.kind !== 'map') return {};
  return Object.fromEntries([...value.entries].map(([key, entry]) => [key, textOf(entry.value)]));
}

/** Every value must fit into an environment variable. */
function checkValues(job: Job, located: LocatedMap, report: Report): void {
  const check = (key: string, value: Located): void => {
    if (value.kind === 'scalar') {
      checkPassable(
        value.text,
        value.origin,
        `${matrixVariable(key)} of job ${quote(job.name)}`,
        report,
      );
    }
  };
  for (const [key, { value }] of located.entries) {
    const items = value.kind === 'list' ? value.items : [];
    for (const item of items) {
      if (item.kind === 'map') for (const [name, entry] of item.entries) check(name, entry.value);
      else check(key, item);
    }
  }
}

function checkAxes(job: Job, matrix: MatrixInput, report: Report): void {
  const name = quote(job.name);
  if (matrix.axes.size === 0 && matrix.include.length === 0) {
    report.at(job.origin('matrix'), {
      message: `the matrix of job ${name} is empty`,
      mend: 'give it a key with a list of values, or remove it',
    });
  }
  for (const [key, values] of matrix.axes) {
    if (!MATRIX_KEY.test(key)) {
      report.at(job.keyOrigin('matrix', key), {
        message: `matrix of job ${name}: expected ${MATRIX_KEY_GRAMMAR}, but found ${quote(key)}`,
      });
    }
    if (values.length === 0) {
      report.at(job.origin('matrix', key), {
        message: `matrix.${key} of job ${name} has no values, so that there would be no task`,
        mend: 'give it at least one value',
      });
    }
    const seen = new Set<string>();
    for (const [index, value] of values.entries()) {
      if (seen.has(value)) {
        report.at(job.origin('matrix', key, index), {
          message: `matrix.${key} of job ${name} has the value ${quote(value)} twice`,
        });
      }
      seen.add(value);
    }
  }
}

function checkRowsOf(job: Job, matrix: MatrixInput, report: Report): void {
  const axes = [...matrix.axes.keys()];
  for (const [index, row] of matrix.exclude.entries()) {
    const keys = Object.keys(row);
    if (keys.length === 0)
      report.at(listOrigin(job, 'exclude', index), {
        message: `matrix.exclude of job ${quote(job.name)} has an empty map, which would leave out everything`,
      });
    for (const key of keys) {
      if (axes.includes(key)) continue;
      report.at(job.keyOrigin('matrix', 'exclude', index, key), {
        message: `matrix.exclude of job ${quote(job.name)} names ${quote(key)}, which is not a key of the matrix`,
        ...suggest(key, axes),
        allowed: axes,
      });
    }
  }
  for (const [index, row] of matrix.include.entries()) {
    if (Object.keys(row).length > 0) continue;
    report.at(listOrigin(job, 'include', index), {
      message: `matrix.include of job ${quote(job.name)} has an empty map`,
    });
  }
}

function listOrigin(job: Job, key: 'include' | 'exclude', index: number) {
  const list = job.located('matrix', key) as LocatedList | undefined;
  return list?.items[index]?.origin ?? job.origin('matrix', key);
}

function checkVariables(job: Job, keys: readonly string[], report: Report): void {
  const byVariable = new Map<string, string>();
  for (const key of keys) {
    const variable = matrixVariable(key);
    const other = byVariable.get(variable);
    byVariable.set(variable, other ?? key);
    if (other === undefined) continue;
    report.at(job.keyOrigin('matrix', key), {
      message: `the matrix keys ${quote(other)} and ${quote(key)} of job ${quote(job.name)} would both become the variable ${variable}`,
      mend: 'rename one of them',
    });
  }
}

function expand(
  job: Job,
  matrix: MatrixInput,
  max: number,
  report: Report,
): readonly Row[] | undefined {
  const expansion = expandMatrix(matrix, max);
  if (expansion.kind === 'too-many') {
    report.at(job.origin('matrix'), {
      message: `the matrix of job ${quote(job.name)} would make ${formatCount(expansion.wanted)} rows, more than are left of 1,000,000 tasks`,
      mend: 'split the work into several runs',
    });
    return undefined;
  }
  if (expansion.rows.length === 0) {
    report.at(job.origin('matrix', 'exclude'), {
      message: `matrix.exclude of job ${quote(job.name)} leaves no row`,
      mend: 'exclude less, or remove the job',
    });
    return undefined;
  }
  for (const index of expansion.idleExcludes) {
    report.warn(`matrix.exclude[${String(index)}] of job ${quote(job.name)} matches no row.`);
  }
  return firstDuplicate(expansion.rows, job, report) ? undefined : expansion.rows;
}

function firstDuplicate(rows: readonly Row[], job: Job, report: Report): boolean {
  if (job.located('matrix', 'include') === undefined) return false;
  const seen = new Set<string>();
  for (const row of rows) {
    const key = JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (seen.has(key)) {
      report.at(job.origin('matrix', 'include'), {
        message: `matrix.include of job ${quote(job.name)} makes the row ${rowName(row)} twice`,
        mend: 'remove one of the two',
      });
      return true;
    }
    seen.add(key);
  }
  return false;
}

/** A row in words: `sample=a, ref=hg38`. */
export function rowName(row: Row): string {
  const text = Object.entries(row)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
  return quote(text).slice(1, -1);
}
