import { z } from 'zod';
import { job } from '../../src/adapters/jobfile/job-schema.js';
import { jobfile } from '../../src/adapters/jobfile/schema.js';
import { BYTES_GRAMMAR } from '../../src/util/bytes.js';
import { DURATION_GRAMMAR } from '../../src/util/duration.js';

type AnySchema = z.core.$ZodType;
type AnyObject = z.ZodObject<Readonly<Record<string, AnySchema>>>;

/** A key of a jobfile. */
interface Key {
  readonly name: string;
  readonly isNeeded: boolean;
  /** What it takes, in the words of the error for anything else. */
  readonly takes: string;
  readonly means: string;
}

/** The keys of one map of a jobfile. */
export interface Chapter {
  /** Of the map; empty for the top level and for jobs. */
  readonly map: string;
  readonly keys: readonly Key[];
}

/** All keys of the top level, and of a job, with those of the maps below, from the definition that validates. */
export function jobfileChapters(): {
  readonly top: readonly Chapter[];
  readonly job: readonly Chapter[];
} {
  return { top: chapters(jobfile), job: chapters(job) };
}

/** `docs/jobfile.md`: every key of a jobfile, what it takes and what it means. */
export function jobfileReference(): string {
  const { top, job } = jobfileChapters();
  return `${[
    HEAD,
    EXAMPLE,
    '## Top level',
    ...top.flatMap(chapterText),
    '## Jobs',
    'The keys of each entry under `jobs`, and of `defaults`.',
    ...job.flatMap(chapterText),
    TAIL,
  ].join('\n\n')}\n`;
}

function chapterText({ map, keys }: Chapter): readonly string[] {
  const rows = keys.map(
    ({ name, isNeeded, takes, means }) =>
      `| \`${name}\`${isNeeded ? ' (needed)' : ''} | ${cell(takes)} | ${cell(means)} |`,
  );
  const table = ['| key | takes | means |', '|---|---|---|', ...rows].join('\n');
  return map === '' ? [table] : [`### \`${map}\``, table];
}

/** A map and those that stand under its keys. */
function chapters(object: AnyObject, map = '', of = ''): readonly Chapter[] {
  const entries = Object.entries(object.shape);
  const keys = entries.map(([key, schema]) => ({
    name: `${of}${key}`,
    isNeeded: !(schema instanceof z.ZodOptional),
    takes: grammarOf(schema),
    means: descriptionOf(schema),
  }));
  const below = entries.flatMap(([key, schema]) => {
    // Jobs have a chapter of their own.
    const inner = key === 'defaults' || key === 'jobs' ? undefined : mapIn(schema);
    return inner === undefined
      ? []
      : chapters(inner.object, map === '' ? key : `${map}.${key}`, inner.of);
  });
  return [{ map, keys }, ...below];
}

/** The map that a key may hold, also beside other things, or in every entry of a map. */
function mapIn(
  schema: AnySchema,
  of = '',
): { readonly object: AnyObject; readonly of: string } | undefined {
  if (schema instanceof z.ZodOptional) return mapIn(schema.unwrap(), of);
  if (schema instanceof z.ZodUnion) {
    const maps = schema.options.flatMap((option) => mapIn(option, of) ?? []);
    return maps[0];
  }
  if (schema instanceof z.ZodRecord) return mapIn(schema.valueType, 'NAME.');
  return schema instanceof z.ZodObject ? { object: schema, of } : undefined;
}

/** What a key takes, as an error says it: it is asked about something that no key takes. */
function grammarOf(schema: AnySchema): string {
  const refused = z.safeParse(schema, Symbol('nothing that a file could hold'));
  const message = refused.success ? undefined : refused.error.issues[0]?.message;
  if (message === undefined || message.startsWith('Invalid'))
    throw new Error(`an error of the jobfile that does not say what is expected: ${message ?? ''}`);
  return message;
}

function descriptionOf(schema: AnySchema): string {
  const own = z.globalRegistry.get(schema)?.description;
  if (own !== undefined) return own;
  if (schema instanceof z.ZodOptional) return descriptionOf(schema.unwrap());
  throw new Error('a key of the jobfile that is not described');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\$\{\{[^}]*\}\}/g, '`$&`');
}

const HEAD = `<!-- Made by "npm run build" from the definition that validates jobfiles. Do not edit. -->
# The jobfile

A jobfile is one YAML document: settings of the run, and jobs. Every key but \`version\` and \`jobs\` may be left out. An
unknown key, a cycle, a request larger than the budget: everything that is wrong is told at once, with file, line and
column, and nothing starts. Top-level keys that begin with \`x-\` are left alone: a place for anchors.

\`memsched schema\` prints the JSON Schema, by which an editor checks and completes. \`memsched plan jobs.yaml\` shows what
would run.

\`\`\`yaml bad.yml
version: 1
jobs:
  align:
    run: ./align.sh
    memroy: 2G
  report:
    needs: [alien]
    run: ./report.sh
\`\`\`
\`\`\`console exits=2
$ memsched run bad.yml
bad.yml:5:5: unknown key "memroy" in job "align"
  5 |     memroy: 2G
    |     ^^^^^^
      did you mean "memory"?
      allowed here: …
…
bad.yml:7:13: job "report" needs "alien", which is not a job of this file
  7 |     needs: [alien]
    |             ^^^^^
      did you mean "align"?
\`\`\`

A good one:`;

const EXAMPLE = `\`\`\`yaml jobs.yaml
version: 1
name: nightly
memory: { budget: 75%, preempt: 88% }
groups:
  network: { max_parallel: 4 }
resources: { gpu: 1 }
defaults: { preemptible: low, timeout: 2h }
jobs:
  fetch:
    matrix: { sample: [a, b, c] }
    run: 'echo "reads of \${{ matrix.sample }}" > "\${{ matrix.sample }}.fq"'
    concurrency: network
    retries: { max: 3, on: ["exit:75", timeout], delay: 5s }
  align:
    needs: [fetch]
    matrix: { sample: [a, b, c] }
    run: [sort, "\${{ matrix.sample }}.fq"]
    inputs: "\${{ matrix.sample }}.fq"
    memory: { request: 200M, limit: 1G, grow: 1.5 }
    preemptible: high
    on_preempt: { signal: SIGTERM, grace: 10s }
  clean:
    needs: [align]
    when: always
    run: rm -f ./*.fq
\`\`\``;

const TAIL = `## Sizes, shares, durations

| what | is |
|---|---|
| size | ${cell(BYTES_GRAMMAR)} |
| share | a number with \`%\`: of the budget for thresholds, of the memory of the host for \`budget\`, \`request\` and \`limit\` |
| duration | ${cell(DURATION_GRAMMAR)} |

## The matrix

\`matrix: { sample: [a, b], ref: [x] }\` makes a task of each combination, here \`align.a.x\` and \`align.b.x\`. \`exclude\`
leaves rows out; \`include\` adds rows, or values to rows that match. \`\${{ matrix.KEY }}\` puts a value into a text. Each
value also stands in the task's environment, \`sample\` as \`MATRIX_SAMPLE\`.

\`\`\`yaml matrix.yaml
version: 1
jobs:
  align:
    matrix:
      sample: [a, b]
      ref: [x]
      exclude: [{ sample: b }]
      include: [{ sample: c, ref: y }]
    run: echo "\${{ matrix.sample }} on $MATRIX_REF, task $MEMSCHED_TASK"
\`\`\`
\`\`\`console
$ memsched run -q matrix.yaml
2 tasks: 2 succeeded · …
$ memsched logs align.c.y --stdout
c on y, task align.c.y
\`\`\`

A value is data, never shell syntax: in a shell script it reaches the command as an environment variable, whatever it
holds. No value can inject a command:

\`\`\`yaml hostile.yaml
version: 1
jobs:
  say:
    matrix: { word: ["$(touch pwned)"] }
    run: echo "\${{ matrix.word }}"
\`\`\`
\`\`\`console
$ memsched run -q hostile.yaml
1 task: 1 succeeded · …
$ memsched logs latest say --stdout
$(touch pwned)
$ find . -name pwned
\`\`\`

## When memory is short

A \`preemptible\` task is asked to end and runs again later. What it has done until then is lost, unless it is frozen
first:

\`\`\`yaml suspend.yaml
version: 1
defaults: { preemptible: low, on_pressure: [suspend, preempt] }
jobs:
  align:
    matrix: { sample: [a, b] }
    run: 'sort <<< "\${{ matrix.sample }}"'
  train:
    run: sleep 0.1
    preemptible: never
    on_pressure: [suspend]
\`\`\`
\`\`\`console
$ memsched run -q suspend.yaml
3 tasks: 3 succeeded · …
\`\`\`

- \`[suspend, preempt]\`: the newest are frozen while memory gets short, so that the older ones finish, and go on in order;
  only if that does not do are they stopped. Where there is swap, what they hold moves there.
- \`[suspend]\`: frozen, but never stopped. A job that is not preemptible is frozen only where it says so itself: what
  \`defaults\` says of \`suspend\` is not meant for it.
- \`[preempt]\`: stopped without being frozen first, which is what \`preemptible\` alone means.

Never are all tasks frozen at once, and time in which one is frozen counts neither for its timeout nor for what is learned
of it. A frozen task keeps its processors' share, named resources and place in its concurrency group. Clocks go on
without it: connections may time out at the other end, and system calls that wait may come back early, as after a SIGSTOP
(signal(7)).

## What a task finds

Its environment is that of memsched itself, then \`env\` of the jobfile, then \`env\` of the job, and on top
\`MEMSCHED_RUN_ID\`, \`MEMSCHED_JOB\`, \`MEMSCHED_TASK\`, \`MEMSCHED_ATTEMPT\` (from 1), \`MEMSCHED_PREEMPTIONS\` and
\`MEMSCHED_MEMORY_BYTES\`, what admission counted for it; with \`checkpoint\` also \`MEMSCHED_CHECKPOINT_DIR\`, a folder
of its own whose content its next attempt finds again. It starts in the folder of the jobfile, or in \`cwd\`. Standard
input is empty unless \`stdin\` names a file.`;
