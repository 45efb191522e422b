import { z } from 'zod';
import { env, job } from './job-schema.js';
import { NAME, NAME_GRAMMAR } from './names.js';
import {
  amount,
  atLeast,
  duration,
  growthPct,
  halt,
  logSize,
  oneOf,
  share,
  whole,
} from './scalars.js';

const threshold = share(
  { min: 0.01, max: 1 },
  'a share of the budget from 1% to 100%, such as 80% or 0.8',
);
const stall = share({ min: 0.001, max: 1 }, 'a share of time from 0.1% to 100%, such as 10%');
const PARALLEL_GRAMMAR = 'a whole number, 1 or more';
const maxParallel = whole(1, 1_000_000, PARALLEL_GRAMMAR);
const PIDS_GRAMMAR = 'auto, none, or a whole number of processes and threads, 2 or more';
const maxPids = oneOf(
  [z.literal('auto'), z.literal('none'), z.number().int({ abort: true }).min(2, { abort: true })],
  PIDS_GRAMMAR,
);
const name = z.string().regex(NAME, { error: NAME_GRAMMAR });

const memory = z
  .strictObject(
    {
      budget: oneOf(
        [z.literal('auto'), amount],
        'auto, a size such as 12G, or a share of the host such as 75%',
      )
        .optional()
        .describe('Memory that all tasks together may use; default auto: what the host can spare.'),
      hold: threshold.optional().describe('Start nothing above this; default 80%.'),
      preempt: threshold.optional().describe('Stop preemptible tasks above this; default 90%.'),
      critical: threshold.optional().describe('Kill without grace above this; default 95%.'),
      overcommit: share(
        { min: 0.1, max: 2 },
        'a share of the budget from 0.1 to 2, such as 0.9 or 90%',
      )
        .optional()
        .describe('Claims may fill this share of the budget; default 0.9.'),
    },
    { error: 'a map with budget, hold, preempt, critical, overcommit' },
  )
  .describe('The budget and the thresholds, as shares of it.');

const pressure = z
  .strictObject(
    {
      some: stall
        .optional()
        .describe('Hold above this share of time in which a task stalls on memory; default 10%.'),
      full: stall
        .optional()
        .describe('Preempt above this share of time in which all tasks stall; default 20%.'),
      window: duration({ minMs: 100, maxMs: 300_000 }, ', from 100ms to 5m')
        .optional()
        .describe('Time looked at; default 2s, or two intervals where they are longer.'),
    },
    { error: 'a map with some, full, window' },
  )
  .describe('Stall times on memory (PSI) that count as too much.');

const NAME_TEXT = 'a text of at most 100 characters on one line';

/** The top level of a jobfile, without the `x-` keys that {@link jsonSchema} allows beside them. */
export const jobfile = z.strictObject(
  {
    version: z
      .literal(1, { error: '1, the only version there is' })
      .describe('Version of the format.'),
    name: z
      .string({ error: NAME_TEXT })
      .min(1, { error: NAME_TEXT })
      .max(100, { error: NAME_TEXT })
      .regex(/^[^\p{Cc}]*$/u, { error: NAME_TEXT })
      .optional()
      .describe('Name of the run; default: the name of the file.'),
    memory: memory.optional(),
    pressure: pressure.optional(),
    interval: duration({ minMs: 10, maxMs: 60_000 }, ', from 10ms to 60s')
      .optional()
      .describe('Time between two looks at memory; default 100ms.'),
    max_parallel: maxParallel
      .optional()
      .describe('Run at most this many tasks at once; default: memory and processors decide.'),
    halt: halt
      .optional()
      .describe(
        'When to give up: never (default), soon,fail=N, soon,fail=P%, now,fail=N or now,fail=P%.',
      ),
    max_growth: growthPct
      .optional()
      .describe(
        'The run fails when the peak of a group grew by more than this against its stored profile, such as 20%; default: never.',
      ),
    max_pids: maxPids
      .optional()
      .describe(
        'Processes and threads that all tasks together may have; default auto: a quarter of what the kernel can have, less where a limit above leaves less. When it is reached, whoever has more than half of them is ended at once and has failed; where nobody has, the one with the most after ten seconds of failing forks.',
      ),
    max_log: logSize
      .optional()
      .describe(
        'What one stream of an attempt may leave in its log, such as 100M; default 1G, or none. Of a longer one the first half and the end are kept. Where output is passed on (--output), nothing is left out.',
      ),
    defaults: job
      .optional()
      .describe('Keys for every job that does not have them itself; env is merged name by name.'),
    env: env.optional(),
    groups: z
      .record(
        name,
        z.strictObject(
          { max_parallel: maxParallel.describe('At most this many of the group at once.') },
          { error: 'a map with max_parallel' },
        ),
        { error: 'a map such as { network: { max_parallel: 4 } }' },
      )
      .optional()
      .describe('Concurrency groups, to be named by the key concurrency of jobs.'),
    resources: z
      .record(name, atLeast(0, 1e9, 'a number, 0 or more'), { error: 'a map such as { gpu: 2 }' })
      .optional()
      .describe('Capacities of named counters.'),
    jobs: z
      .record(name, job, { error: 'a map of jobs, such as { hello: { run: echo hello } }' })
      .describe('The jobs, by name.'),
  },
  { error: 'a map with the keys of a jobfile' },
);

/** A jobfile whose parts are each valid; whether they fit together is checked after. */
export type JobfileInput = z.output<typeof jobfile>;

/** Top-level keys that begin with this are left alone: a place for anchors. */
export const EXTENSION_PREFIX = 'x-';

/** The JSON Schema of a jobfile (draft 7, which editors know best), made from the definition that validates. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(jobfile, { io: 'input', target: 'draft-7' });
  return {
    ...schema,
    title: 'memsched jobfile',
    description: 'Jobs for memsched: commands that run as many at a time as memory allows.',
    patternProperties: { [`^${EXTENSION_PREFIX}`]: {} },
  };
}
