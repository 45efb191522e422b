import { explainIssues } from './explain-issues.js';
import { toPlain, valueAt, type Located, type LocatedEntry, type Path } from './located.js';
import type { Report } from './report.js';
import { EXTENSION_PREFIX, jobfile, type JobfileInput } from './schema.js';

/** What is valid of a jobfile: faulty values are left out, so that the rest can be checked all the same. */
export interface Validated {
  readonly input: JobfileInput;
  /** The values that were validated, with their places. */
  readonly root: Located;
  /** All jobs of the file, faulty ones included. */
  readonly jobNames: readonly string[];
  /** Keys of a job, or of the defaults for it, that were refused. */
  brokenKeys(job: string): ReadonlySet<string>;
  /** Keys of the top level that were refused, in whole or in part. */
  readonly brokenTop: ReadonlySet<string>;
}

/**
 * A jobfile is validated once: to compile a validator of its own for it takes longer than that one saves. Every message
 * is ours; zod's own would be put together from the names that a value gives itself, and throw at `{ constructor: … }`.
 */
const PARSING = { jitless: true, error: () => 'something else' } as const;

/** With more faults than this, nothing further is looked for. */
const MAX_BROKEN = 500;

/** Validates the parts of a jobfile, each by itself; every fault is reported. */
export function validate(located: Located, report: Report): Validated | undefined {
  const root = withoutExtensions(located);
  const jobs = valueAt(root, ['jobs']);
  const jobNames = jobs?.kind === 'map' ? [...jobs.entries.keys()] : [];
  if (jobs?.kind === 'map' && jobNames.length === 0) {
    report.at(jobs.origin, {
      message: 'there are no jobs',
      mend: 'add one: jobs: { hello: { run: echo hello } }',
    });
  }
  const first = jobfile.safeParse(toPlain(root), PARSING);
  if (first.success)
    return { input: first.data, root, jobNames, brokenKeys: () => new Set(), brokenTop: new Set() };
  const broken = explainIssues(first.error.issues, root, report);
  if (broken.length > MAX_BROKEN) return undefined;
  const pruned = prune(root, broken);
  const second = jobfile.safeParse(
    { version: 1, jobs: {}, ...(toPlain(pruned) as object) },
    PARSING,
  );
  if (!second.success) return undefined;
  return {
    input: second.data,
    root: pruned,
    jobNames,
    brokenKeys: (job) => brokenKeys(broken, pruned, job),
    brokenTop: new Set(broken.map(([top]) => String(top))),
  };
}

function withoutExtensions(root: Located): Located {
  if (root.kind !== 'map') return root;
  const entries = [...root.entries].filter(([key]) => !key.startsWith(EXTENSION_PREFIX));
  return { ...root, entries: new Map(entries) };
}

function brokenKeys(broken: readonly Path[], root: Located, job: string): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const [first, second, third] of broken) {
    if (first === 'jobs' && second === job && third !== undefined) keys.add(String(third));
    const own = second !== undefined && valueAt(root, ['jobs', job, String(second)]) !== undefined;
    if (first === 'defaults' && second !== undefined && !own) keys.add(String(second));
  }
  return keys;
}

/** Leaves out the values at the paths: the key of a job or of the top level that each belongs to. */
function prune(root: Located, broken: readonly Path[]): Located {
  return broken.reduce((pruned, path) => without(pruned, unitOf(path)), root);
}

/** What goes when a value is faulty: a key of a job or of the defaults, a whole job, or a key of the top level. */
function unitOf(path: Path): Path {
  const job = path[0] === 'jobs' ? 2 : path[0] === 'defaults' ? 1 : 0;
  return path.slice(0, path[job] === 'env' ? job + 2 : job + 1);
}

function without(value: Located, path: Path): Located {
  const [step, ...rest] = path;
  if (value.kind !== 'map' || step === undefined) return value;
  const entry = value.entries.get(String(step));
  if (entry === undefined) return value;
  const entries = new Map<string, LocatedEntry>(value.entries);
  if (rest.length === 0) entries.delete(String(step));
  else entries.set(String(step), { ...entry, value: without(entry.value, rest) });
  return { ...value, entries };
}
