import type { RunEvent } from '../../core/events.js';
import type { RunState } from '../../core/run-state.js';
import type { QuotedLogs } from '../output-masks.js';
import { printable } from '../../util/printable.js';
import { shellWord } from '../../util/shell-word.js';
import type { Output } from '../output.js';
import type { Reporter } from '../reporter.js';
import { endOfTaskWords } from '../views/task-facts.js';
import { acceptWords, growthWords } from '../words-growth.js';
import { counted, isFailure } from '../words.js';
import { tailText } from './tails.js';
import { workflowCommand } from './workflow-commands.js';

/** GitHub shows ten annotations of one type for a step, and drops further ones without a word. */
const ERRORS_MAX = 10;
const TAIL = { lines: 10, characters: 3000 };

/** What the reporter of annotations is made of. */
export interface GithubOptions {
  readonly out: Output;
  readonly logs: QuotedLogs;
}

/** On GitHub Actions: an error annotation for each task that fails, when it fails; those beyond the tenth are counted. */
export function createGithubReporter({ out, logs }: GithubOptions): Reporter {
  let errors = 0;
  const annotate = (title: string, message: string): void => {
    errors += 1;
    if (errors <= ERRORS_MAX) out.write(`${workflowCommand('error', { title }, message)}\n`);
  };
  return {
    event(event, state) {
      if (event.kind === 'group-grew') {
        const accept = acceptWords(event, state.started?.profileFile);
        annotate(
          'A group has outgrown its profile',
          `${growthWords(event)}\nTo accept it: ${accept}`,
        );
      } else if (event.kind === 'task-finished' && isFailure(event.outcome)) {
        annotate(`${printable(event.task)} ${event.outcome}`, failureMessage(event, state, logs));
      }
    },
    close(state) {
      const left = errors - ERRORS_MAX;
      if (left > 0)
        out.write(
          `${workflowCommand('warning', { title: 'More tasks failed' }, `${counted(left, 'more failure')} without an annotation: memsched show ${runOf(state)} --failed`)}\n`,
        );
      return out.flush();
    },
  };
}

function failureMessage(
  { task }: Extract<RunEvent, { kind: 'task-finished' }>,
  state: RunState,
  logs: QuotedLogs,
): string {
  const record = state.tasks.get(task);
  const tail = tailText(logs, task, record?.attempts ?? 0, TAIL);
  return [
    ...(record === undefined ? [] : [endOfTaskWords(record)]),
    ...(tail === '' ? [] : [tail]),
    `All of its output: memsched logs ${runOf(state)} ${shellWord(printable(task))}`,
  ].join('\n');
}

function runOf({ started }: RunState): string {
  return printable(started?.runId ?? 'latest');
}
