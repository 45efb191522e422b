import type { JobInput } from './job-schema.js';
import { keyAt, originAt, valueAt, type Located, type Origin } from './located.js';
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
    return valueAt(this.root, own) === undefined &&
      valueAt(this.root, ['defaults', key]) !== undefined
      ? ['defaults', key]
      : own;
  }

  /** Where a value of the job stands. */
  origin(key: string, ...rest: readonly (string | number)[]): Origin {
    return originAt(this.root, [...this.base(key), ...rest]);
  }

  /** Where the name of a key inside of a value stands. */
  keyOrigin(key: string, ...rest: readonly (string | number)[]): Origin {
    return keyAt(this.root, [...this.base(key), ...rest]) ?? this.origin(key, ...rest);
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
  const located = valueAt(root, ['jobs']);
  // Not the plain object's order: it would put names that look like numbers first.
  const names = located?.kind === 'map' ? [...located.entries.keys()] : [];
  return names.flatMap((name) => {
    const own = Object.hasOwn(input.jobs, name) ? input.jobs[name] : undefined;
    return own === undefined ? [] : [new Job(name, own, defaults, root)];
  });
}
