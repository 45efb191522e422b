import { z } from 'zod';
import {
  ENV_NAME,
  ENV_NAME_GRAMMAR,
  MATRIX_KEY,
  MATRIX_KEY_GRAMMAR,
  NAME,
  NAME_GRAMMAR,
} from './names.js';
import { onPressure } from './on-pressure.js';
import {
  amount,
  atLeast,
  checkpointSignal,
  duration,
  endingSignal,
  matching,
  oneOf,
  preemptible,
  retryCause,
  size,
  whole,
} from './scalars.js';

/** A scalar with `${{ matrix.KEY }}` in it: what it means is known row by row. */
export interface Template {
  readonly template: string;
}

const templateText = matching(/\$\{\{/)
  .transform((template): Template => ({ template }))
  .meta({
    id: 'matrixReference',
    description: 'A text with ${{ matrix.KEY }}, filled in for each row.',
  });

/** Either a value or a text that becomes one when the matrix values are put in. */
function templated<T extends z.ZodType>(schema: T, expected: string) {
  return oneOf([templateText, schema], expected);
}

/** True when a value waits for matrix values. */
export function isTemplate(value: unknown): value is Template {
  return typeof value === 'object' && value !== null && 'template' in value;
}

const SCALAR_GRAMMAR = 'a text, a number, true or false ("" for an empty text)';
const scalar = oneOf([z.string(), z.number(), z.boolean()], SCALAR_GRAMMAR);
const nonEmpty = (expected: string) => z.string({ error: expected }).min(1, { error: expected });

const CPUS_GRAMMAR = 'auto, or a number of processors, 0 or more';

/** The scalars of a job that may come from a matrix, with what is expected of each. */
export const PARTS = {
  amount: {
    schema: amount,
    expected: 'a size such as 512M, 2G or 1.5GiB, or a share of the host such as 25%',
  },
  request: {
    schema: oneOf(
      [z.literal('auto'), amount],
      'auto, a size such as 2G, or a share of the host such as 25%',
    ),
    expected: 'auto, a size such as 2G, or a share of the host such as 25%',
  },
  size: { schema: size, expected: 'a size such as 512M, 2G or 1.5GiB' },
  factor: {
    schema: atLeast(1.01, 100, 'a factor from 1.01 to 100'),
    expected: 'a factor from 1.01 to 100',
  },
  cpus: {
    schema: oneOf([z.literal('auto'), atLeast(0, 1e6, CPUS_GRAMMAR)], CPUS_GRAMMAR),
    expected: CPUS_GRAMMAR,
  },
  count: { schema: atLeast(0, 1e9, 'a number, 0 or more'), expected: 'a number, 0 or more' },
  preemptible: { schema: preemptible, expected: 'never, low, medium, high, always or 0 to 4' },
  retries: {
    schema: whole(0, 1000, 'a whole number from 0 to 1000'),
    expected: 'a whole number from 0 to 1000',
  },
  timeout: {
    schema: duration({ minMs: 1 }, ', more than nothing and at most 365d'),
    expected: 'a duration such as 250ms, 10s, 5m or 2h, more than nothing and at most 365d',
  },
  priority: {
    schema: whole(-1e9, 1e9, 'a whole number between -1e9 and 1e9'),
    expected: 'a whole number between -1e9 and 1e9',
  },
} as const;

/** Which of the parts a matrix can fill in. */
export type PartName = keyof typeof PARTS;

function part<K extends PartName>(name: K) {
  const { schema, expected } = PARTS[name];
  return templated(schema, expected) as z.ZodType<z.output<(typeof PARTS)[K]['schema']> | Template>;
}

/** A map from names of variables to values. */
export const env = z
  .record(z.string().regex(ENV_NAME, { error: ENV_NAME_GRAMMAR }), scalar, {
    error: 'a map of variables, such as { LANG: C }',
  })
  .meta({ description: 'Environment variables. Values are taken as written.' });

const row = z.record(z.string().regex(MATRIX_KEY, { error: MATRIX_KEY_GRAMMAR }), scalar, {
  error: 'a map of matrix keys to values',
});
const rows = z.array(row, { error: 'a list of maps' });

const matrix = z
  .object(
    {
      include: rows.optional().describe('Rows to add, or values to add to rows that match.'),
      exclude: rows.optional().describe('Rows to leave out: all that match every key given.'),
    },
    { error: 'a map of keys to lists of values' },
  )
  .catchall(z.array(scalar, { error: 'a list of values, such as [a, b]' }))
  .meta({
    description:
      'One task for each combination of the values; each reaches the task as MATRIX_KEY in its environment and fills ${{ matrix.KEY }}.',
    examples: [{ sample: ['a', 'b'], ref: ['hg38'] }],
  });

const GROW_GRAMMAR = 'a factor from 1.01 to 100, or a list of growing sizes such as [4G, 8G]';
const memory = oneOf(
  [
    templateText,
    PARTS.request.schema,
    z.strictObject({
      request: part('amount')
        .optional()
        .describe('What the task is expected to need: what admission counts at first.'),
      limit: part('amount')
        .optional()
        .describe('The most it may ever use: memory.max of its cgroup.'),
      grow: oneOf(
        [templateText, PARTS.factor.schema, z.array(amount).min(1, { abort: true })],
        GROW_GRAMMAR,
      )
        .optional()
        .describe(
          'How the limit grows after the task was killed by it: a factor, or a list of sizes.',
        ),
      max: part('amount').optional().describe('The largest limit that grow may reach.'),
      swap: part('size')
        .optional()
        .describe('How much swap it may use: memory.swap.max of its cgroup.'),
    }),
  ],
  'auto, a size such as 2G, a share such as 25%, or a map with request, limit, grow, max, swap',
);

const retriesMap = z.strictObject({
  max: part('retries').describe('How often a failed attempt is tried again.'),
  on: z
    .array(retryCause, { error: 'a list of causes, such as [oom, "exit:75"]' })
    .min(1, { error: 'a list of causes, such as [oom, "exit:75"]' })
    .optional()
    .describe('Only these causes are tried again; without it, every one.'),
  delay: duration().optional().describe('Pause before the first retry; default 1s.'),
  backoff: atLeast(1, 100, 'a factor from 1 to 100')
    .optional()
    .describe('Each further pause is this many times longer; default 2.'),
});

const RUN_GRAMMAR =
  'a shell script, or a list of a command and its arguments (neither may be empty)';
const run = oneOf(
  [z.string().min(1, { abort: true }), z.array(scalar).min(1, { abort: true })],
  RUN_GRAMMAR,
);

const STALE_GRAMMAR = 'any, never, or a duration such as 10s or 5m';
const yesNo = z.boolean({ error: 'true or false' });

const checkpoint = z.strictObject(
  {
    signal: checkpointSignal
      .optional()
      .describe('Asks the program to save its work; sent to those processes that handle it.'),
    run: run
      .optional()
      .describe(
        'A command that saves the work, instead of a signal: run beside the task, in its cgroup and environment; done when it exits with 0.',
      ),
    timeout: duration({ minMs: 1, maxMs: 3_600_000 }, ', more than nothing and at most 1h')
      .optional()
      .describe('How long saving may take; default 10s.'),
    every: duration({ minMs: 1000 }, ', at least 1s')
      .optional()
      .describe('Ask this often while it runs, too; default: before it is stopped only.'),
    exit: whole(1, 255, 'an exit code from 1 to 255')
      .optional()
      .describe('Exit code that means: saved, run me again. Default 85.'),
    required: yesNo
      .optional()
      .describe('A preemption without a checkpoint is a failure; default: it begins anew.'),
    stale: oneOf([z.enum(['any', 'never']), duration({ minMs: 0 })], STALE_GRAMMAR)
      .optional()
      .describe(
        'How old a checkpoint may be that does: any (default) or never, when there is no time for a new one; a duration: then no new one is asked for.',
      ),
    keep: yesNo
      .optional()
      .describe('Keep the checkpoints when the task has succeeded; default: they are removed.'),
  },
  { error: 'a map such as { signal: SIGUSR1, timeout: 10s }' },
);

const JOB_NAME = 'the name of a job';
const needs = oneOf(
  [z.array(z.string({ error: JOB_NAME })), z.string()],
  'the name of a job, or a list of names',
);
const PROFILES = ['none', 'avg', 'p50', 'p95', 'peak', 'expected-cost', 'curve'] as const;

/** The keys of a job, as in `jobs.NAME` and `defaults`. */
export const job = z.strictObject(
  {
    run: run
      .optional()
      .describe(
        'A text is a shell script (see shell); a list is a command and its arguments, without a shell.',
      ),
    shell: oneOf(
      [
        z.string().min(1, { abort: true }),
        z.array(z.string({ error: 'a text' })).min(1, { abort: true }),
      ],
      'a shell and its options, such as "sh -e -c"',
    )
      .optional()
      .describe(
        'What runs the script, which is added as the last argument; default: bash -euo pipefail -c.',
      ),
    needs: needs.optional().describe('Jobs that must have finished first, all their tasks.'),
    matrix: matrix.optional(),
    memory: memory
      .optional()
      .describe(
        'auto, the expected need (2G, 25%), or a map with request, limit, grow, max, swap.',
      ),
    cpus: part('cpus')
      .optional()
      .describe(
        'Processors that admission counts; 0 is not counted. Default auto: one until its use was measured, and then that.',
      ),
    resources: z
      .record(z.string().regex(NAME, { error: NAME_GRAMMAR }), part('count'), {
        error: 'a map such as { gpu: 1 }',
      })
      .optional()
      .describe(
        'How much of each named counter the task takes; capacities stand under the top-level "resources".',
      ),
    preemptible: part('preemptible')
      .optional()
      .describe(
        'May memsched stop the task for want of memory and run it again? Higher goes first; default never.',
      ),
    on_preempt: z
      .strictObject(
        {
          signal: endingSignal.optional().describe('Default SIGTERM.'),
          grace: duration({ minMs: 0, maxMs: 3_600_000 }, ', at most 1h')
            .optional()
            .describe('Time to end in; default 5s.'),
        },
        { error: 'a map such as { signal: SIGTERM, grace: 5s }' },
      )
      .optional()
      .describe('How the task is asked to end.'),
    on_pressure: onPressure
      .optional()
      .describe(
        'What may be done when memory is short, softest first: suspend freezes the task for a while, preempt stops it and runs it again. Default [preempt] where the task is preemptible.',
      ),
    checkpoint: checkpoint
      .optional()
      .describe(
        'The task keeps its work in MEMSCHED_CHECKPOINT_DIR and goes on from there; how it is asked to save it.',
      ),
    retries: oneOf(
      [templateText, PARTS.retries.schema, retriesMap],
      'a whole number from 0 to 1000, or a map with max, on, delay, backoff',
    )
      .optional()
      .describe('How often a failed task is tried again; default 0. Preemptions do not count.'),
    timeout: part('timeout').optional().describe('How long one attempt may run.'),
    priority: part('priority').optional().describe('Larger first; default 0.'),
    group: nonEmpty('the name of a profile group')
      .optional()
      .describe(
        'Tasks of one group use memory alike and share a profile; default: job name, command and folder.',
      ),
    profile: z
      .enum(PROFILES, { error: 'none, avg, p50, p95, peak, expected-cost or curve' })
      .optional()
      .describe('How the group’s past becomes an estimate; default curve.'),
    concurrency: nonEmpty('the name of one of the top-level "groups"')
      .optional()
      .describe('One of the top-level groups, whose max_parallel is shared.'),
    cwd: nonEmpty('a folder').optional().describe('Folder to run in, relative to the jobfile.'),
    env: env.optional(),
    stdin: nonEmpty('the path of a file')
      .optional()
      .describe('File to read from, relative to cwd; default: nothing to read.'),
    inputs: oneOf(
      [z.array(nonEmpty('the path of a file')), nonEmpty('the path of a file')],
      'the path of a file, or a list of them',
    )
      .optional()
      .describe(
        'Files whose size says something about what the task needs, relative to cwd; stdin counts by itself.',
      ),
    when: z
      .enum(['success', 'always'], { error: 'success or always' })
      .optional()
      .describe('always: run although a need did not succeed.'),
  },
  { error: 'a map with the keys of a job, such as { run: ./work.sh }' },
);

/** A validated job; scalars that wait for matrix values are {@link Template}s. */
export type JobInput = z.output<typeof job>;
