import { EXIT } from './exit-codes.js';

/** Rows of a table of two columns, for help and the man page. */
type Rows = readonly (readonly [name: string, meaning: string])[];

/** What the exit status says. */
export const EXIT_CODES: Rows = [
  [String(EXIT.ok), 'all tasks succeeded'],
  [String(EXIT.tasksFailed), 'at least one did not, or a group outgrew its profile'],
  [String(EXIT.usage), 'the command line or the jobfile is wrong; nothing was started'],
  [String(EXIT.host), 'the host cannot do what was asked, or standard output cannot be written'],
  [String(EXIT.internal), 'a bug of memsched'],
  ['128+n', 'stopped by signal n; 141: nobody reads what tasks write any more'],
];

/** Where everything is kept. */
export const STATE_FOLDER =
  'Runs and profiles are kept in the state folder, $XDG_STATE_HOME/memsched, or ~/.local/state/memsched where that is not set.';

/** What is in the state folder. */
export const FILES: Rows = [
  ['runs/RUN/journal.jsonl', 'every event of a run, one JSON object a line'],
  ['runs/RUN/jobfile.yaml', 'the jobfile as it was'],
  ['runs/RUN/logs/TASK.N.out, TASK.N.err', 'what attempt N of a task wrote'],
  ['runs/RUN/checkpoints/TASK/', 'what a task goes on from, until it has succeeded'],
  ['runs/RUN/control.sock', 'where a live run listens, for its user alone'],
  ['profiles/', 'what was learned of groups of tasks'],
];

/** Variables that memsched reads. */
export const ENVIRONMENT: Rows = [
  ['XDG_STATE_HOME', 'where the state folder "memsched" is; default: ~/.local/state'],
  [
    'XDG_CACHE_HOME',
    'where the folder "memsched" for compiled code of memsched itself is; default: ~/.cache',
  ],
  ['MEMSCHED_NO_CODE_CACHE', 'not empty: no such code is kept or taken; starts take longer'],
  ['NO_COLOR', 'not empty: no colour'],
  ['CI', 'set: plain lines, also on a terminal'],
  ['GITHUB_ACTIONS', 'true: annotations for tasks that fail, and a summary of the step'],
  ['GITLAB_CI', 'true: the output of a task that failed in a section of its own'],
];

/** Variables that every task finds. */
export const TASK_ENVIRONMENT: Rows = [
  ['MEMSCHED_RUN_ID', 'the run'],
  ['MEMSCHED_JOB', 'its job'],
  ['MEMSCHED_TASK', 'itself'],
  ['MEMSCHED_ATTEMPT', 'which attempt this is, from 1'],
  ['MEMSCHED_PREEMPTIONS', 'how often it was preempted'],
  ['MEMSCHED_MEMORY_BYTES', 'what admission counted for it when it started'],
  ['MEMSCHED_CHECKPOINT_DIR', 'what it goes on from, where its job has a checkpoint'],
  ['MATRIX_KEY', 'its value of the matrix key "key"'],
];

/** A table of two columns, indented by two. */
export function rowsText(rows: Rows): string {
  const columns = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, meaning]) => `  ${name.padEnd(columns)}  ${meaning}`).join('\n');
}
