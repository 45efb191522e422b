import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** Raised when an older bench could misread a newer file. */
export const RESULT_VERSION = 1;

const machine = z
  .object({
    /** `guest`: a throw-away virtual machine of this host. */
    where: z.enum(['host', 'guest, KVM', 'guest, emulated']),
    processor: z.string(),
    cores: z.number().int().positive(),
    memoryBytes: z.number().positive(),
    kernel: z.string(),
    /** Versions by the name of the program. */
    versions: z.record(z.string(), z.string()),
  })
  .readonly();

const series = z
  .object({
    /** What was measured: a contestant, a setting. */
    row: z.string(),
    /** What of it: `wall`, `OOM kills`. */
    figure: z.string(),
    unit: z.enum(['s', 'ms', 'bytes', 'share', 'count', 'times', 'per second']),
    /** Which way is up; what is neither is not compared. */
    better: z.enum(['lower', 'higher', 'neither']),
    /** One a round; or, where another program measured, its smallest, middle and largest. */
    samples: z.array(z.number()).min(1).readonly(),
  })
  .readonly();

const table = z
  .object({
    name: z.string(),
    /** What one must know to read it, in sentences. */
    about: z.string(),
    machine,
    series: z.array(series).readonly(),
    /** Rows that could not be measured here, and why. */
    absent: z.array(z.object({ row: z.string(), why: z.string() }).readonly()).readonly(),
  })
  .readonly();

const partResult = z
  .object({
    part: z.string(),
    /** A shorter one, to see that all works; its figures say little. */
    isQuick: z.boolean(),
    rounds: z.number().int().positive(),
    tables: z.array(table).readonly(),
  })
  .readonly();

const benchResult = z
  .object({ version: z.literal(RESULT_VERSION), parts: z.array(partResult).readonly() })
  .readonly();

/** The machine that something was measured on. No date: figures belong to a machine and to versions. */
export type Machine = z.infer<typeof machine>;
/** All samples of one figure of one row. */
export type Series = z.infer<typeof series>;
/** How a figure counts. */
export type Unit = Series['unit'];
/** What was measured together on one machine, and may be compared. */
export type Table = z.infer<typeof table>;
/** What one part of the bench found. */
export type PartResult = z.infer<typeof partResult>;
/** A file of results. */
export type BenchResult = z.infer<typeof benchResult>;

/** Results that are not what they should be: not read, another version, another shape. */
export class ResultError extends Error {}

/** @throws ResultError that names the file and what is wrong with it. */
export function readResult(path: string): BenchResult {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ResultError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (version !== RESULT_VERSION)
    throw new ResultError(
      `${path}: expected results of version ${RESULT_VERSION}, found version ${JSON.stringify(version)}; measure again with this bench`,
    );
  const read = benchResult.safeParse(value);
  if (!read.success) throw new ResultError(`${path}: ${z.prettifyError(read.error)}`);
  return read.data;
}

/** The results with another part, in the place of an older one of that name. */
export function withPart(result: BenchResult, part: PartResult): BenchResult {
  const others = result.parts.filter((one) => one.part !== part.part);
  return { ...result, parts: [...others, part] };
}

/** Results without any. */
export const NO_RESULT: BenchResult = { version: RESULT_VERSION, parts: [] };

/**
 * Puts a part into a file of results, beside the other parts it has.
 *
 * @throws ResultError when the file is there and is no file of results.
 */
export function savePart(path: string, part: PartResult): void {
  const before = existsSync(path) ? readResult(path) : NO_RESULT;
  writeFileSync(path, `${JSON.stringify(withPart(before, part), null, 1)}\n`);
}

/** The samples of a figure; undefined when there are none. */
export function samplesOf(
  result: BenchResult,
  place: Readonly<Record<'part' | 'table' | 'row' | 'figure', string>>,
): readonly number[] | undefined {
  return result.parts
    .find(({ part }) => part === place.part)
    ?.tables.find(({ name }) => name === place.table)
    ?.series.find(({ row, figure }) => row === place.row && figure === place.figure)?.samples;
}
