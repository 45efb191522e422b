import { z } from 'zod';
import { job } from './job-schema.js';
import { keyAt, originAt, valueAt, type Located, type Path } from './located.js';
import { quote } from './printable.js';
import type { Fault, Report } from './report.js';
import { jobfile } from './schema.js';
import { suggest } from '../../util/suggest.js';

type Issue = z.core.$ZodIssue;

/** Where a path leads, in words: `memory.limit of job "align"`. */
export function placeName(path: Path): string {
  const [first, name, ...rest] = path;
  if (first === undefined) return 'the jobfile';
  if (first !== 'jobs' || name === undefined) return dotted(path);
  const owner = `job ${quote(String(name))}`;
  return rest.length === 0 ? owner : `${dotted(rest)} of ${owner}`;
}

function dotted(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${String(step)}]` : `${index === 0 ? '' : '.'}${step}`,
    )
    .join('');
}

/** A value in words, for "but found …". */
export function shown(value: Located | undefined): string {
  if (value === undefined) return 'nothing';
  if (value.kind !== 'scalar') return `a ${value.kind}`;
  if (value.value === null) return 'nothing';
  return typeof value.value === 'string' ? quote(value.value) : value.text;
}

/** Turns what the validator found into diagnostics, each at its place. Returns the paths that are unusable. */
export function explainIssues(
  issues: readonly Issue[],
  root: Located,
  report: Report,
): readonly Path[] {
  const broken: Path[] = [];
  for (const issue of issues.flatMap((one) => unfold(one, []))) {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        broken.push([...path, key]);
        const origin = keyAt(root, [...path, key]) ?? originAt(root, path);
        report.at(origin, unknownKey(key, path));
      }
    } else {
      broken.push(path);
      const atKey = issue.code === 'invalid_key' ? keyAt(root, path) : undefined;
      report.at(atKey ?? originAt(root, path), explain(issue, path, root));
    }
  }
  return broken;
}

/** Of a union's alternatives, the one that was meant: the one that liked the kind of value and found fault inside. */
function unfold(issue: Issue, base: Path): readonly Issue[] {
  const path = [...base, ...(issue.path as Path)];
  if (issue.code === 'invalid_union') {
    for (const branch of issue.errors) {
      const inner = branch.flatMap((one) => unfold(one, path));
      if (inner.some((one) => one.code === 'unrecognized_keys' || one.path.length > path.length))
        return inner;
    }
  }
  return [{ ...issue, path }];
}

function explain(issue: Issue, path: Path, root: Located): Fault {
  const value = valueAt(root, path);
  const last = path.at(-1);
  if (value === undefined && last !== undefined) {
    return {
      message: `${placeName(path.slice(0, -1))} lacks the key ${quote(String(last))}`,
      ...missingMend(path),
    };
  }
  if (issue.code === 'invalid_key') {
    const grammar = issue.issues[0]?.message ?? 'another name';
    return {
      message: `${placeName(path.slice(0, -1))}: expected ${grammar}, but found ${quote(String(last))}`,
    };
  }
  const candidates = choices(issue).map(String);
  const text = value?.kind === 'scalar' ? value.text : '';
  const template = text.includes('${{') ? { mend: 'matrix values cannot be used here' } : {};
  return {
    message: `${placeName(path)}: expected ${issue.message}, but found ${shown(value)}`,
    ...suggest(text, candidates),
    ...template,
  };
}

function missingMend(path: Path): Partial<Fault> {
  if (path[0] === 'version') return { mend: 'add "version: 1"' };
  return path[0] === 'jobs' && path.length === 1
    ? { mend: 'add at least one job: jobs: { hello: { run: echo hello } }' }
    : {};
}

/** The words that an issue would have taken. */
function choices(issue: Issue): readonly (string | number)[] {
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(choices);
  return issue.code === 'invalid_value'
    ? issue.values.filter((value) => typeof value === 'string' || typeof value === 'number')
    : [];
}

function unknownKey(key: string, path: Path): Fault {
  const inJob =
    (path[0] === 'jobs' && path.length === 2) || (path[0] === 'defaults' && path.length === 1);
  const allowed = keysOf(objectAt(jobfile, path));
  const message = `unknown key ${quote(key)} in ${placeName(path)}`;
  const misplaced = misplacedMend(key, path, inJob);
  return misplaced === undefined
    ? { message, allowed, ...suggest(key, allowed) }
    : { message, mend: misplaced };
}

function misplacedMend(key: string, path: Path, inJob: boolean): string | undefined {
  const atTop = path.length === 0;
  if (atTop && keysOf(job).includes(key))
    return `"${key}" is a key of a job: put it under a job, or under "defaults"`;
  if (atTop && keysOf(objectAt(jobfile, ['memory'])).includes(key))
    return `put "${key}" under "memory"`;
  if (inJob && keysOf(jobfile).includes(key))
    return `"${key}" belongs at the top level of the jobfile`;
  return undefined;
}

function keysOf(schema: z.ZodObject | undefined): readonly string[] {
  return schema === undefined ? [] : Object.keys(schema.shape);
}

/** The object schema that validates what a path leads to. */
function objectAt(schema: unknown, path: Path): z.ZodObject | undefined {
  if (schema instanceof z.ZodOptional) return objectAt(schema.unwrap(), path);
  if (schema instanceof z.ZodUnion) {
    return schema.options
      .map((option) => objectAt(option, path))
      .find((found) => found !== undefined);
  }
  const [step, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    return step === undefined ? schema : objectAt(schema.shape[String(step)], rest);
  }
  return schema instanceof z.ZodRecord && step !== undefined
    ? objectAt(schema.valueType, rest)
    : undefined;
}
