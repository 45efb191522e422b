import {
  valueAt,
  type Located,
  type LocatedEntry,
  type LocatedMap,
  type Origin,
} from './located.js';
import { parseValue } from './parse-yaml.js';
import { quote } from './printable.js';
import { Report } from './report.js';
import { SourceText } from './source-text.js';
import { suggest } from '../../util/suggest.js';

/** A value that replaces one in the file, with the name of the option it came from, for messages. */
export interface Override {
  /** As typed, such as `--set align.memory=2G`. */
  readonly option: string;
  /** Steps from the top of the jobfile: `['jobs', 'align', 'memory']`. */
  readonly path: readonly string[];
  /** Text, read as a YAML value: `2` is a number, `[a, b]` a list; or a value as it is. */
  readonly value: unknown;
}

/** Lays the values of options over the parsed jobfile, in order; what does not fit is reported under the option. */
export function applyOverrides(
  root: Located,
  overrides: readonly Override[],
  report: Report,
): Located {
  let current = root;
  for (const override of overrides) current = applyOne(current, override, report);
  return current;
}

function applyOne(root: Located, override: Override, report: Report): Located {
  const origin: Origin = { kind: 'option', option: override.option };
  const [first, job] = override.path;
  if (first === 'jobs' && job !== undefined) {
    const jobs = valueAt(root, ['jobs']);
    const names = jobs?.kind === 'map' ? [...jobs.entries.keys()] : [];
    if (!names.includes(job)) {
      report.at(origin, {
        message: `there is no job ${quote(job)}`,
        ...suggest(job, names),
        allowed: names.slice(0, 20),
      });
      return root;
    }
  }
  const value = locatedValue(override, origin, report);
  if (value === undefined) return root;
  return put(inherit(root, override.path), override.path, value, origin);
}

/** Before part of a job's value is replaced (`--set align.retries.max=2`), the job gets the whole from `defaults`. */
function inherit(root: Located, path: readonly string[]): Located {
  const [first, job, key] = path;
  if (first !== 'jobs' || job === undefined || key === undefined || path.length < 4) return root;
  const inherited = valueAt(root, ['defaults', key]);
  if (inherited === undefined || valueAt(root, ['jobs', job, key]) !== undefined) return root;
  return put(root, [first, job, key], inherited, inherited.origin);
}

function put(
  at: Located | undefined,
  path: readonly string[],
  value: Located,
  origin: Origin,
): Located {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const entries = new Map<string, LocatedEntry>(at?.kind === 'map' ? at.entries : []);
  const before = entries.get(step);
  const child = rest.length === 0 ? value : put(widen(step, before?.value), rest, value, origin);
  entries.set(step, { key: before?.key ?? origin, value: child });
  return { kind: 'map', origin: at?.origin ?? origin, entries };
}

/** What the short forms of a key stand for, so that a part of it can be replaced: `retries: 3` is `{ max: 3 }`. */
const SHORT_FORMS: Readonly<Record<string, string>> = { memory: 'request', retries: 'max' };

function widen(key: string, value: Located | undefined): Located | undefined {
  const long = SHORT_FORMS[key];
  if (
    value?.kind !== 'scalar' ||
    long === undefined ||
    value.value === null ||
    value.value === 'auto'
  )
    return value;
  const entries: LocatedMap['entries'] = new Map([[long, { key: value.origin, value }]]);
  return { kind: 'map', origin: value.origin, entries };
}

const PLAIN_NUMBER = /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i;

function locatedValue(override: Override, origin: Origin, report: Report): Located | undefined {
  const { value } = override;
  if (typeof value === 'string') return textValue(value, override, origin, report);
  if (typeof value === 'number' || typeof value === 'boolean') {
    return { kind: 'scalar', origin, value, text: String(value) };
  }
  return textValue(JSON.stringify(value), override, origin, report);
}

function textValue(
  text: string,
  override: Override,
  origin: Origin,
  report: Report,
): Located | undefined {
  if (/^\s*[[{]/.test(text)) return collection(text, override, origin, report);
  return readScalar(text, origin);
}

/** A scalar from plain text: numbers and booleans as YAML reads them, everything else as text. */
export function readScalar(text: string, origin: Origin): Located {
  if (PLAIN_NUMBER.test(text)) return { kind: 'scalar', origin, value: Number(text), text };
  if (text === 'true' || text === 'false')
    return { kind: 'scalar', origin, value: text === 'true', text };
  return { kind: 'scalar', origin, value: text, text };
}

function collection(
  text: string,
  override: Override,
  origin: Origin,
  report: Report,
): Located | undefined {
  const scratch = new Report(new SourceText(override.option, text));
  const value = parseValue(scratch);
  for (const { message } of scratch.diagnostics) {
    report.at(origin, { message, mend: 'put the value in quotes if it is meant as text' });
  }
  return value === undefined ? undefined : relocate(value, origin);
}

function relocate(value: Located, origin: Origin): Located {
  switch (value.kind) {
    case 'scalar':
      return { ...value, origin };
    case 'list':
      return { ...value, origin, items: value.items.map((item) => relocate(item, origin)) };
    case 'map': {
      const entries = [...value.entries].map(([key, entry]): [string, LocatedEntry] => [
        key,
        { key: origin, value: relocate(entry.value, origin) },
      ]);
      return { kind: 'map', origin, entries: new Map(entries) };
    }
  }
}
