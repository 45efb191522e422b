import { keyAt, type Origin } from './located.js';
import type { Job } from './jobs.js';
import type { Row } from './matrix.js';
import { rowVariables } from './command.js';
import { matrixVariable } from './names.js';
import { quote } from './printable.js';
import type { Report } from './report.js';
import { readText, type JobText } from './texts.js';
import { valueAt, type Located } from './located.js';

/** Variables that memsched sets itself for every task. */
const OWN_VARIABLES = [
  'RUN_ID',
  'JOB',
  'TASK',
  'ATTEMPT',
  'PREEMPTIONS',
  'MEMORY_BYTES',
  'CHECKPOINT_DIR',
].map((name) => `MEMSCHED_${name}`);

/**
 * A job's environment for each row: the file's `env`, over it that of `defaults`, over it the job's, and the values of
 * the matrix. Values are taken as written.
 */
export function jobEnv(
  job: Job,
  keys: readonly string[],
  report: Report,
): (row: Row) => Readonly<Record<string, string>> {
  const variables = new Map<string, JobText>();
  const taken = new Set(keys.map(matrixVariable));
  for (const layer of [['env'], ['defaults', 'env'], ['jobs', job.name, 'env']]) {
    const map = valueAt(job.root, layer);
    if (map?.kind !== 'map') continue;
    for (const [name, { value }] of map.entries) {
      const origin = keyAt(job.root, [...layer, name]) ?? value.origin;
      if (!checkName(name, origin, taken, job, report)) continue;
      variables.set(name, variable(name, value, layer.length === 1, job, keys, report));
    }
  }
  const fixed = [...variables].filter(([, text]) => text.references.length === 0);
  const filled = [...variables].filter(([, text]) => text.references.length > 0);
  const common = Object.fromEntries(fixed.map(([name, text]) => [name, text.text]));
  if (keys.length === 0) return () => common;
  return (row) => {
    const env: Record<string, string> = { ...common };
    for (const [name, text] of filled) env[name] = text.fill(row);
    for (const [name, value] of rowVariables(row)) env[name] = value;
    return env;
  };
}

function variable(
  name: string,
  value: Located,
  top: boolean,
  job: Job,
  keys: readonly string[],
  report: Report,
): JobText {
  const text = value.kind === 'scalar' ? value.text : '';
  if (top) {
    if (text.includes('${{')) {
      report.at(value.origin, {
        message: `env.${name}: matrix values cannot be used at the top level, where there is no matrix`,
        mend: 'put the variable under the "env" of the job',
      });
    }
    return readText(text.replaceAll('${{', ''), value.origin, `env.${name}`, [], report);
  }
  return readText(text, value.origin, `env.${name} of job ${quote(job.name)}`, keys, report);
}

function checkName(
  name: string,
  origin: Origin,
  taken: ReadonlySet<string>,
  job: Job,
  report: Report,
): boolean {
  if (OWN_VARIABLES.includes(name)) {
    report.at(origin, {
      message: `env: memsched itself sets ${name}`,
      mend: 'choose another name',
    });
    return false;
  }
  if (!taken.has(name)) return true;
  report.at(origin, {
    message: `env: ${name} is the variable of a matrix key of job ${quote(job.name)}`,
    mend: 'rename one of the two',
  });
  return false;
}
