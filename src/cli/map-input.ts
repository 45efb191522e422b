import { accessSync, constants, createReadStream } from 'node:fs';
import { inBatches, recordsOf } from '../adapters/map/records.js';
import { rowsOf, type ArgumentSource, type RowOptions } from '../adapters/map/rows.js';
import { describeError } from '../util/system-error.js';
import { UsageError } from './errors.js';

/** Where one argument of each task comes from, as the command line says. */
export type SourceSpec =
  | { readonly kind: 'list'; readonly values: readonly string[]; readonly isLinked: boolean }
  /** `-` is standard input. */
  | { readonly kind: 'file'; readonly path: string; readonly isLinked: boolean };

/** The command's words and its sources, told apart. */
export interface MapWords {
  readonly words: readonly string[];
  readonly sources: readonly SourceSpec[];
}

const SEPARATORS = {
  ':::': { kind: 'list', isLinked: false },
  ':::+': { kind: 'list', isLinked: true },
  '::::': { kind: 'file', isLinked: false },
  '::::+': { kind: 'file', isLinked: true },
} as const;

/**
 * Tells a command from its sources: `cmd {} ::: a b :::: file`. Without any source it is standard input.
 *
 * @param files - of `-a`.
 * @throws UsageError when a file cannot be read, or standard input is named twice.
 */
export function splitWords(operands: readonly string[], files: readonly string[]): MapWords {
  const first = operands.findIndex(isSeparator);
  const words = first === -1 ? operands : operands.slice(0, first);
  const named = files.map((path): SourceSpec => ({ kind: 'file', path, isLinked: false }));
  const sources = [...named, ...(first === -1 ? [] : sourcesFrom(operands.slice(first)))];
  if (sources.length === 0) sources.push({ kind: 'file', path: '-', isLinked: false });
  const [head] = sources;
  if (head?.isLinked === true)
    throw new UsageError(':::+ and ::::+ link to the source before them, and there is none');
  for (const source of sources) if (source.kind === 'file') checkFile(source.path);
  if (sources.filter((source) => source.kind === 'file' && source.path === '-').length > 1)
    throw new UsageError('standard input (-) can be read only once; name it as one source');
  return { words, sources };
}

function isSeparator(word: string): word is keyof typeof SEPARATORS {
  return Object.hasOwn(SEPARATORS, word);
}

function sourcesFrom(operands: readonly string[]): readonly SourceSpec[] {
  const sources: SourceSpec[] = [];
  for (let at = 0; at < operands.length;) {
    const separator = operands[at] ?? '';
    if (!isSeparator(separator)) break;
    const next = operands.findIndex((word, index) => index > at && isSeparator(word));
    const values = operands.slice(at + 1, next === -1 ? undefined : next);
    const { kind, isLinked } = SEPARATORS[separator];
    if (kind === 'list') sources.push({ kind, values, isLinked });
    else for (const path of values) sources.push({ kind, path, isLinked });
    at = next === -1 ? operands.length : next;
  }
  return sources;
}

function checkFile(path: string): void {
  if (path === '-') return;
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new UsageError(`the arguments in ${path} cannot be read: ${describeError(error)}`);
  }
}

/** Rows to make tasks of, and how to stop reading them. */
export interface MapInput {
  readonly rows: ReturnType<typeof rowsOf>;
  readonly close: () => void;
}

/** Opens the sources: nothing is read before it is asked for. */
export function openInput(
  sources: readonly SourceSpec[],
  delimiter: Buffer,
  options: RowOptions,
): MapInput {
  const streams: { destroy(): unknown }[] = [];
  const opened = sources.map((source): ArgumentSource => {
    if (source.kind === 'list')
      return { records: inBatches(source.values), isLinked: source.isLinked };
    const stream = source.path === '-' ? process.stdin : createReadStream(source.path);
    streams.push(stream);
    const name = source.path === '-' ? 'standard input' : source.path;
    return { records: recordsOf(stream, delimiter, name), isLinked: source.isLinked };
  });
  return {
    rows: rowsOf(opened, options),
    close: () => {
      for (const stream of streams) stream.destroy();
    },
  };
}
