import { GiB } from '../../../src/util/bytes.js';
import { loadJobfile, type LoadOptions } from '../../../src/adapters/jobfile/load.js';
import type { RunPlan } from '../../../src/supervisor/run-plan.js';

/** The host that the fixtures' expected diagnostics were written for. */
export const HOST = { baseBytes: 16 * GiB, autoBudgetBytes: 12 * GiB, cpus: 8, autoMaxPids: 4096 };

export const OPTIONS: LoadOptions = {
  path: 'jobs.yaml',
  baseDir: '/base',
  host: HOST,
  overrides: [],
  select: [],
};

/** Loads a jobfile from text. */
export function load(text: string, options: Partial<LoadOptions> = {}) {
  return loadJobfile(new TextEncoder().encode(text), { ...OPTIONS, ...options });
}

/** The plan of a jobfile that must be valid. */
export function planOf(text: string, options: Partial<LoadOptions> = {}): RunPlan {
  const result = load(text, options);
  if (!result.ok) throw new Error(`expected a valid jobfile, but:\n${result.error.format()}`);
  return result.value;
}

/** What is said of a jobfile that must be faulty. */
export function complaintsOf(text: string, options: Partial<LoadOptions> = {}): string {
  const result = load(text, options);
  if (result.ok) throw new Error('expected a faulty jobfile, but it is valid');
  return result.error.format();
}
