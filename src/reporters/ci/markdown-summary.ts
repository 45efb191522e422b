import type { RunState } from '../../core/run-state.js';
import type { QuotedLogs } from '../output-masks.js';
import type { Reporter } from '../reporter.js';
import { PACED_TICK_MS, PacedDocument, type Document } from './document.js';
import { summaryMarkdown } from './summary-markdown.js';
import { RunTally } from './tally.js';

/** GitHub takes no summary of a step that is longer, bytes. Everything in the step shares this. */
const STEP_SUMMARY_MAX_BYTES = 1024 * 1024;

/** What the reporter of `--summary` is made of. */
export interface MarkdownOptions {
  readonly document: Document;
  readonly logs: QuotedLogs;
  /** Told once when the file cannot be written. */
  readonly onTrouble: (error: unknown) => void;
}

/** `--summary`: the run in Markdown, in a file that is kept up to date. */
export function createMarkdownReporter({ document, logs, onTrouble }: MarkdownOptions): Reporter {
  const tally = new RunTally();
  const paced = new PacedDocument({
    document,
    render: (state, nowMs) => [
      summaryMarkdown(
        { state, tally, logs, standing: standingOf(state), nowMs },
        STEP_SUMMARY_MAX_BYTES,
      ),
    ],
    onTrouble,
  });
  return {
    event(event, state) {
      tally.event(event, state);
      paced.touch();
    },
    tick(state, nowMs) {
      paced.tick(state, nowMs);
    },
    tickEveryMs: PACED_TICK_MS,
    close: (state) => paced.close(state),
  };
}

/** A file that others append to as well, too: it is never rewritten. */
export interface SharedSummary {
  /** How long it is, bytes. */
  size(): number;
  append(text: string): void;
}

/**
 * On GitHub Actions: the same, appended to the summary of the step when the run is over. Not earlier: tasks may append
 * to that file as well, and what is theirs must stay.
 */
export function createStepSummaryReporter(file: SharedSummary, logs: QuotedLogs): Reporter {
  const tally = new RunTally();
  return {
    event(event, state) {
      tally.event(event, state);
    },
    close(state) {
      const size = file.size();
      const view = { state, tally, logs, standing: standingOf(state), nowMs: endOf(state) };
      const text = summaryMarkdown(view, STEP_SUMMARY_MAX_BYTES - size - 1);
      // What was written before may lack the end of its line.
      if (text !== '') file.append(size === 0 ? text : `\n${text}`);
    },
  };
}

function standingOf({ ended }: RunState): 'live' | 'ended' {
  return ended === undefined ? 'live' : 'ended';
}

function endOf({ ended, lastSample }: RunState): number {
  return ended?.tMs ?? lastSample?.tMs ?? 0;
}
