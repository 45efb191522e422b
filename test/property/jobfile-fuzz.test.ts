import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from '../../src/adapters/jobfile/schema.js';
import { loadJobfile } from '../../src/adapters/jobfile/load.js';
import { OPTIONS } from '../unit/jobfile/helpers.js';

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
    expect(new Set(tasks.map((task) => task.id)).size).toBe(tasks.length);
    expect(launches.size).toBe(tasks.length);
    for (const [index, task] of tasks.entries()) {
      expect(task.index).toBe(index);
      expect(task.id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/);
    }
    return;
  }
  const { error } = result;
  expect(error.diagnostics.length).toBeGreaterThan(0);
  const text = error.format();
  // Controls (but for the newline), format characters and lone surrogates stay out; so do traces of our own code.
  expect(text).not.toMatch(/[^\P{C}\n]/u);
  expect(text).not.toMatch(/^\s+at .*[(/]|\bundefined\b|\[object |NaN|Invalid input|node_modules/m);
  for (const { line, column } of error.diagnostics) {
    if (line !== undefined) expect(Math.min(line, column ?? 0)).toBeGreaterThan(0);
  }
}

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
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

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 })),
  insert: fc.oneof(
    fc.constantFrom(...SCRAPS).map((scrap) => new TextEncoder().encode(scrap)),
    fc.uint8Array({ maxLength: 4 }),
    fc.constant(new Uint8Array()),
  ),
});

function apply(content: Uint8Array, edits: readonly Edit[]): Uint8Array {
  return edits.reduce((bytes, { at, remove, insert }) => {
    const start = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
  }, content);
}

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
const jobfile = fc
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

describe('any jobfile', () => {
  it('makes a plan or a readable error: edited bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FILES),
        fc.array(edit, { minLength: 1, maxLength: 8 }),
        (file, edits) => {
          check(apply(file, edits));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('makes a plan or a readable error: random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        check(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('makes a plan or a readable error: random structure', () => {
    fc.assert(
      fc.property(jobfile, (value) => {
        check(new TextEncoder().encode(JSON.stringify(value)));
      }),
      { numRuns: 3000 },
    );
  });

  it('makes a plan or a readable error: random options', () => {
    const path = fc.array(fc.constantFrom('jobs', 'a', 'align', 'defaults', ...WORDS), {
      minLength: 1,
      maxLength: 5,
    });
    const override = fc.record({
      option: fc.string({ unit: 'binary' }),
      path,
      value: fc.oneof(scalar, fc.string({ unit: 'binary' }), tree),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...FILES),
        fc.array(override, { maxLength: 3 }),
        (file, overrides) => {
          check(file, overrides);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
