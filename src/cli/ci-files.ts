import { appendFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Document } from '../reporters/ci/document.js';
import { openFileDocument } from '../reporters/ci/file-document.js';
import { createJunitReporter } from '../reporters/ci/junit.js';
import {
  createMarkdownReporter,
  createStepSummaryReporter,
  type SharedSummary,
} from '../reporters/ci/markdown-summary.js';
import { createMetricsReporter } from '../reporters/ci/metrics.js';
import type { Reporter } from '../reporters/reporter.js';
import type { QuotedLogs } from '../reporters/output-masks.js';
import { describeError } from '../util/system-error.js';
import { UsageError } from './errors.js';

/** Files that are kept up to date while a run goes on, by the options that name them. */
export interface CiPaths {
  readonly junit: string | undefined;
  readonly summary: string | undefined;
  readonly metrics: string | undefined;
}

/** Makes the reporters that write the files. */
export type CiFiles = (about: {
  readonly logs: QuotedLogs;
  readonly warn: (sentence: string) => void;
}) => Readonly<Record<string, Reporter>>;

/**
 * Makes sure that the files can be written.
 *
 * @throws UsageError when one of them cannot.
 */
export function openCiFiles(paths: CiPaths): CiFiles {
  const junit = openDocument('--junit', paths.junit);
  const summary = openDocument('--summary', paths.summary);
  const metrics = openDocument('--metrics', paths.metrics);
  return ({ logs, warn }) => {
    const troubleWith =
      (option: string, path = '') =>
      (error: unknown): void => {
        warn(
          `${option} ${path} cannot be written: ${describeError(error)}; the run goes on, and this is tried again`,
        );
      };
    const made: Record<string, Reporter> = {};
    if (junit !== undefined) {
      const onTrouble = troubleWith('--junit', paths.junit);
      made['--junit'] = createJunitReporter({
        document: junit,
        logs,
        hostname: hostname(),
        onTrouble,
      });
    }
    if (summary !== undefined) {
      const onTrouble = troubleWith('--summary', paths.summary);
      made['--summary'] = createMarkdownReporter({ document: summary, logs, onTrouble });
    }
    if (metrics !== undefined) {
      const onTrouble = troubleWith('--metrics', paths.metrics);
      made['--metrics'] = createMetricsReporter({ document: metrics, onTrouble });
    }
    return made;
  };
}

function openDocument(option: string, path: string | undefined): Document | undefined {
  if (path === undefined) return undefined;
  if (path === '' || path === '-')
    throw new UsageError(
      `${option} takes the name of a file, which is replaced again and again while the run goes on`,
    );
  try {
    return openFileDocument(path);
  } catch (error) {
    throw new UsageError(`${option} ${path} cannot be written: ${describeError(error)}`);
  }
}

/** The summary of the step, on GitHub Actions. */
export function stepSummary(path: string, logs: QuotedLogs): Reporter {
  const file: SharedSummary = {
    size: () => statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    append: (text) => {
      appendFileSync(path, text);
    },
  };
  return createStepSummaryReporter(file, logs);
}
