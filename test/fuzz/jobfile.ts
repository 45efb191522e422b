import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { isAbsolute } from 'node:path';
import type { TaskSpec } from '../../src/core/task-spec.js';
import type { LaunchSpec } from '../../src/supervisor/ports.js';
import { jsonSchema } from '../../src/adapters/jobfile/schema.js';
import { loadJobfile } from '../../src/adapters/jobfile/load.js';
import { present } from '../../src/util/assert.js';
import { OPTIONS } from '../unit/jobfile/helpers.js';
import { byteEdit, edited } from './mutations.js';
import { law, type Law } from './target.js';

const FOLDER = new URL('../../fixtures/jobfiles/', import.meta.url);
const FILES = ['good', 'bad'].flatMap((kind) =>
  readdirSync(new URL(`${kind}/`, FOLDER))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(new URL(`${kind}/${name}`, FOLDER))),
);

/** The law: any bytes make a plan or a readable error; nothing is thrown. */
function check(
  content: Uint8Array,
  overrides: {
    readonly option: string;
    readonly path: readonly string[];
    readonly value: unknown;
  }[] = [],
): void {
  const result = loadJobfile(content, { ...OPTIONS, overrides });
  if (result.ok) {
    const { tasks, launches } = result.value;
    assert.equal(new Set(tasks.map((task) => task.id)).size, tasks.length);
    assert.equal(launches.size, tasks.length);
    for (const [index, task] of tasks.entries()) {
      assert.equal(task.index, index);
      assert.match(task.id, /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/);
      checkTask(task, present(launches.get(task.id), 'a task is launched by something'));
    }
    return;
  }
  const { error } = result;
  assert.ok(error.diagnostics.length > 0);
  const text = error.format();
  // Controls (but for the newline), format characters and lone surrogates stay out; so do traces of our own code.
  assert.doesNotMatch(text, /[^\P{C}\n]/u);
  assert.doesNotMatch(
    text,
    /^\s+at .*[(/]|\bundefined\b|\[object |NaN|Invalid input|node_modules/m,
  );
  for (const { line, column } of error.diagnostics) {
    if (line !== undefined) assert.ok(Math.min(line, column ?? 0) > 0);
  }
}

/** What a task of any plan is: numbers that can be reckoned with, and nothing that a program cannot be given. */
function checkTask(task: TaskSpec, { command, env, cwd }: LaunchSpec): void {
  const { requestBytes = 1, limitBytes = 1, maxBytes = 1 } = task.memory;
  for (const bytes of [requestBytes, limitBytes, maxBytes])
    assert.ok(Number.isSafeInteger(bytes) && bytes > 0);
  for (const ms of [task.timeoutMs ?? 1, task.onPreempt.graceMs, task.retries.delayMs])
    assert.ok(Number.isFinite(ms) && ms >= 0);
  assert.ok(Number.isSafeInteger(task.retries.max) && task.retries.max >= 0);
  assert.ok(task.cpus === 'auto' || (Number.isFinite(task.cpus) && task.cpus >= 0));
  assert.ok(isAbsolute(cwd));
  const words = command.kind === 'argv' ? command.argv : [...command.shell, command.script];
  assert.ok(words.length > 0 && words[0] !== '');
  for (const [name, value] of Object.entries(env)) {
    assert.match(name, /^[A-Za-z_][A-Za-z0-9_]*$/);
    assert.equal(typeof value, 'string');
  }
  assert.doesNotMatch([...words, ...Object.values(env)].join(''), /\0/);
  for (const count of Object.values(task.resources))
    assert.ok(Number.isFinite(count) && count >= 0);
}

const SCRAPS = [
  '"',
  "'",
  '\\',
  '\t',
  '\n',
  ':',
  ': ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  '&a ',
  '*a',
  '<<: ',
  '!x ',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '# ',
  '|\n',
  '>-\n',
  '\0',
  '\x1b[31m',
  '\u202e',
  '\ufeff',
  '${{ matrix.sample }}',
  '${{',
  '}}',
  '1e999',
  '-1',
  '~',
  'null',
  '.nan',
  '0x1F',
  '? ',
  ', ',
  'constructor: ',
  '__proto__: ',
  'toString',
  '  ',
  '\r\n',
  '\r',
];

/** Every name that stands in the schema: keys and words. */
function vocabulary(schema: unknown, words = new Set<string>()): Set<string> {
  if (typeof schema !== 'object' || schema === null) return words;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') for (const name of Object.keys(value as object)) words.add(name);
    if (key === 'enum') for (const word of value as unknown[]) words.add(String(word));
    vocabulary(value, words);
  }
  return words;
}

const WORDS = [
  ...vocabulary(jsonSchema()),
  'a',
  'b',
  'checkpoint',
  'constructor',
  'hasOwnProperty',
  '1',
];
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    '2G',
    '25%',
    '1h',
    'a',
    'b',
    '${{ matrix.a }}',
    '${{ matrix.zz }}',
    '${{',
    'echo ${{ matrix.b }}',
    "'${{ matrix.a }}'",
    'exit:1',
    0,
    1,
    -1,
    1.5,
    1e300,
    true,
    null,
    '',
  ),
  fc.constantFrom(...WORDS),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...WORDS), tie('tree'), { maxKeys: 6 }),
  ),
}));
const job = fc.dictionary(fc.constantFrom('run', 'matrix', 'memory', ...WORDS), tree, {
  maxKeys: 6,
});
const matrix = fc.dictionary(
  fc.constantFrom('a', 'b', 'include', 'exclude'),
  fc.array(fc.oneof(scalar, fc.dictionary(fc.constantFrom('a', 'b', 'c'), scalar)), {
    maxLength: 3,
  }),
);
const someJob = fc.record(
  { run: fc.oneof(fc.string(), fc.array(scalar, { minLength: 1 })) },
  { requiredKeys: [] },
);
const anyJobfile = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...WORDS), tree, { maxKeys: 3 }),
    fc.dictionary(
      fc.constantFrom('a', 'b', 'constructor', '1', 'x y'),
      fc.tuple(someJob, job, fc.option(matrix)).map(([base, more, rows]) => ({
        ...base,
        ...more,
        ...(rows === null ? {} : { matrix: rows }),
      })),
      { maxKeys: 4 },
    ),
  )
  .map(([top, jobs]) => ({ version: 1, jobs, ...top }));

const override = fc.record({
  option: fc.string({ unit: 'binary' }),
  path: fc.array(fc.constantFrom('jobs', 'a', 'align', 'defaults', ...WORDS), {
    minLength: 1,
    maxLength: 5,
  }),
  value: fc.oneof(scalar, fc.string({ unit: 'binary' }), tree),
});

/** Jobfiles, and options that change them. */
export const jobfile: readonly Law[] = [
  law(
    'edited bytes make a plan or a readable error',
    3000,
    [fc.constantFrom(...FILES), fc.array(byteEdit(SCRAPS), { minLength: 1, maxLength: 8 })],
    (file, edits) => {
      check(edited(edits, file));
    },
  ),
  law(
    'random bytes make a plan or a readable error',
    1000,
    [fc.uint8Array({ maxLength: 200 })],
    (bytes) => {
      check(bytes);
    },
  ),
  law('random structure makes a plan or a readable error', 3000, [anyJobfile], (value) => {
    check(new TextEncoder().encode(JSON.stringify(value)));
  }),
  law(
    'random options make a plan or a readable error',
    1000,
    [fc.constantFrom(...FILES), fc.array(override, { maxLength: 3 })],
    check,
  ),
];
