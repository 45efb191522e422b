import type { LimitGrowth, MemorySpec, RetrySpec } from '../../core/task-spec.js';
import { formatBytes } from '../../util/bytes.js';
import type { z } from 'zod';
import { bytesOf, type HostFacts } from './config.js';
import { placeName } from './explain-issues.js';
import { isTemplate, PARTS, type PartName, type Template } from './job-schema.js';
import { rowName } from './job-matrix.js';
import type { Job } from './jobs.js';
import { toPlain } from './located.js';
import type { Row } from './matrix.js';
import { readScalar } from './overrides.js';
import { quote } from './printable.js';
import type { Report } from './report.js';
import type { Amount } from './scalars.js';
import { readText, type JobText } from './texts.js';

type PartValue<K extends PartName> = z.output<(typeof PARTS)[K]['schema']>;

/** Reads the values of one job for one row after the other; what a text came to is remembered. */
export class PartReader {
  readonly #texts = new Map<string, JobText>();
  readonly #known = new Map<string, unknown>();

  constructor(
    readonly job: Job,
    readonly keys: readonly string[],
    readonly report: Report,
  ) {}

  /** The value of a key for a row: as validated, or from its text with the matrix values put in. */
  read<K extends PartName>(
    part: K,
    value: PartValue<K> | Template | undefined,
    row: Row,
    path: Path,
  ): PartValue<K> | undefined {
    if (!isTemplate(value)) return value;
    const text = this.#text(value, path).fill(row);
    const known = `${path.join('.')} ${text}`;
    if (!this.#known.has(known)) this.#known.set(known, this.#parse(part, text, row, path));
    return this.#known.get(known) as PartValue<K> | undefined;
  }

  #text(value: Template, path: Path): JobText {
    const key = path.join('.');
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const [first, ...rest] = path;
    const origin = this.job.origin(first, ...rest);
    const text = readText(
      value.template,
      origin,
      placeName(this.#path(path)),
      this.keys,
      this.report,
    );
    this.#texts.set(key, text);
    return text;
  }

  #path(path: Path): readonly (string | number)[] {
    const [first, ...rest] = path;
    return [...this.job.base(first), ...rest];
  }

  #parse(part: PartName, text: string, row: Row, path: Path): unknown {
    const [first, ...rest] = path;
    const origin = this.job.origin(first, ...rest);
    const { schema, expected } = PARTS[part];
    const result = schema.safeParse(toPlain(readScalar(text.trim(), origin)));
    if (result.success) return result.data;
    this.report.at(origin, {
      message: `${placeName(this.#path(path))}: expected ${expected}, but found ${quote(text)} in the row ${rowName(row)}`,
    });
    return undefined;
  }
}

type Path = readonly [string, ...(string | number)[]];

/** A task's memory keys for one row, in bytes, and whether they fit together. */
export function memorySpec(reader: PartReader, row: Row, limits: MemoryLimits): MemorySpec {
  const { memory } = reader.job.input;
  if (memory === undefined || memory === 'auto') return NO_MEMORY;
  if (isTemplate(memory) || 'kind' in memory) {
    const request = reader.read('request', memory, row, ['memory']);
    if (request === undefined || request === 'auto') return NO_MEMORY;
    return checked(
      { requestBytes: bytesOf(request, limits.host), grow: { kind: 'none' } },
      reader,
      limits,
    );
  }
  const bytes = (key: 'request' | 'limit' | 'max'): number | undefined => {
    const amount = reader.read('amount', memory[key], row, ['memory', key]);
    return amount === undefined ? undefined : bytesOf(amount, limits.host);
  };
  const requestBytes = bytes('request');
  const limitBytes = bytes('limit');
  const maxBytes = bytes('max');
  const swapBytes = reader.read('size', memory.swap, row, ['memory', 'swap']);
  const spec: MemorySpec = {
    ...(requestBytes === undefined ? {} : { requestBytes }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    grow: growth(memory.grow, reader, row, limits.host),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(swapBytes === undefined ? {} : { swapBytes }),
  };
  return checked(spec, reader, limits);
}

/** What requests are measured against. */
export interface MemoryLimits {
  readonly host: HostFacts;
  readonly budgetBytes: number;
}

const NO_MEMORY: MemorySpec = { grow: { kind: 'none' } };

function growth(
  grow: number | readonly Amount[] | Template | undefined,
  reader: PartReader,
  row: Row,
  host: HostFacts,
): LimitGrowth {
  if (Array.isArray(grow)) {
    const list = grow as readonly Amount[];
    return { kind: 'list', bytes: list.map((amount) => bytesOf(amount, host)) };
  }
  const factor = reader.read('factor', grow as number | Template | undefined, row, [
    'memory',
    'grow',
  ]);
  return factor === undefined ? { kind: 'none' } : { kind: 'factor', factor };
}

function checked(spec: MemorySpec, reader: PartReader, limits: MemoryLimits): MemorySpec {
  const { job, report } = reader;
  const name = `job ${quote(job.name)}`;
  const { requestBytes, limitBytes, maxBytes, grow } = spec;
  const fault = (key: string, message: string, mend?: string): void => {
    report.at(job.origin('memory', key), { message, ...(mend === undefined ? {} : { mend }) });
  };
  if (requestBytes === 0) fault('request', `memory.request of ${name} must be more than 0`);
  if (limitBytes === 0) fault('limit', `memory.limit of ${name} must be more than 0`);
  if (requestBytes !== undefined && requestBytes > limits.budgetBytes) {
    fault(
      'request',
      `${name} requests ${formatBytes(requestBytes)}, more than the whole budget of ${formatBytes(limits.budgetBytes)}`,
      'request less, or raise memory.budget',
    );
  }
  if (requestBytes !== undefined && limitBytes !== undefined && limitBytes < requestBytes) {
    fault(
      'limit',
      `memory.limit of ${name} (${formatBytes(limitBytes)}) is below its request (${formatBytes(requestBytes)})`,
    );
  }
  if (grow.kind !== 'none' && limitBytes === undefined) {
    fault(
      'grow',
      `memory.grow of ${name} has nothing to grow`,
      'add a limit: grow raises it after the task was killed by it',
    );
  }
  if (maxBytes !== undefined && grow.kind === 'none') {
    fault(
      'max',
      `memory.max of ${name} has no meaning without grow`,
      'add grow, or set limit instead',
    );
  }
  if (maxBytes !== undefined && limitBytes !== undefined && maxBytes < limitBytes) {
    fault(
      'max',
      `memory.max of ${name} (${formatBytes(maxBytes)}) is below its limit (${formatBytes(limitBytes)})`,
    );
  }
  if (grow.kind === 'list') checkSteps(grow.bytes, spec, name, fault);
  return spec;
}

function checkSteps(
  steps: readonly number[],
  spec: MemorySpec,
  name: string,
  fault: (key: string, message: string, mend?: string) => void,
): void {
  let below = spec.limitBytes ?? 0;
  for (const step of steps) {
    if (step <= below) {
      fault(
        'grow',
        `memory.grow of ${name}: each size must be larger than the one before and than the limit, but ${formatBytes(step)} is not larger than ${formatBytes(below)}`,
      );
      return;
    }
    below = step;
  }
  if (spec.maxBytes !== undefined && below > spec.maxBytes) {
    fault(
      'grow',
      `memory.grow of ${name} goes up to ${formatBytes(below)}, above memory.max (${formatBytes(spec.maxBytes)})`,
    );
  }
}

/** How a task is tried again. */
export function retrySpec(reader: PartReader, row: Row): RetrySpec {
  const { retries } = reader.job.input;
  const plain = { on: [], delayMs: 1000, backoff: 2 } as const;
  if (retries === undefined) return { max: 0, ...plain };
  if (typeof retries === 'number' || isTemplate(retries)) {
    return { max: reader.read('retries', retries, row, ['retries']) ?? 0, ...plain };
  }
  return {
    max: reader.read('retries', retries.max, row, ['retries', 'max']) ?? 0,
    on: [...new Set(retries.on ?? [])],
    delayMs: retries.delay ?? plain.delayMs,
    backoff: retries.backoff ?? plain.backoff,
  };
}
