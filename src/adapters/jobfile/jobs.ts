import type { JobInput } from './job-schema.js';
import { originAt, valueAt, type Located, type Origin } from './located.js';
import type { JobfileInput } from './schema.js';

/** A job with the defaults laid under it; knows where each of its values was written. */
export class Job {
  readonly input: JobInput;

  constructor(
    readonly name: string,
    readonly own: JobInput,
    readonly defaults: JobInput,
    readonly root: Located,
  ) {
    this.input = { ...defaults, ...own };
  }

  /** Where a key was written: in the job, or in the defaults. */
  base(key: string): readonly string[] {
    const own = ['jobs', this.name, key];
    return valueAt(this.root, own) === undefined && valueAt(this.root, ['defaults', key]) !== undefined
      ? ['defaults', key]
      : own;
  }

  /** Where a value of the job stands. */
  origin(key: string, ...rest: readonly (string | number)[]): Origin {
    return originAt(this.root, [...this.base(key), ...rest]);
  }

  /** A value of the job with its places. */
  located(key: string, ...rest: readonly (string | number)[]): Located | undefined {
    return valueAt(this.root, [...this.base(key), ...rest]);
  }

  get needs(): readonly string[] {
    const { needs = [] } = this.input;
    return [...new Set(typeof needs === 'string' ? [needs] : needs)];
  }
}

/** All jobs, in the order of the file. */
export function jobsOf(input: JobfileInput, root: Located): readonly Job[] {
  const defaults = input.defaults ?? {};
  return Object.entries(input.jobs).map(([name, own]) => new Job(name, own, defaults, root));
}
