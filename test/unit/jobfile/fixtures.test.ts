import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadJobfile } from '../../../src/adapters/jobfile/load.js';
import { jsonSchema } from '../../../src/adapters/jobfile/schema.js';
import { OPTIONS } from './helpers.js';

const BAD = new URL('../../../fixtures/jobfiles/bad/', import.meta.url);
const GOOD = new URL('../../../fixtures/jobfiles/good/', import.meta.url);
const yamlIn = (folder: URL) => readdirSync(folder).filter((name) => name.endsWith('.yaml'));

const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(jsonSchema());

/** Faults of structure: what an editor with the JSON Schema underlines too. The rest needs the file as a whole. */
const STRUCTURAL = [
  'unknown-key',
  'unknown-top-key',
  'unknown-nested-key',
  'key-of-job-at-top',
  'key-of-memory-at-top',
  'top-key-in-job',
  'version-missing',
  'version-wrong',
  'jobs-missing',
  'jobs-a-list',
  'job-not-a-map',
  'job-name',
  'run-a-map',
  'run-empty',
  'size-bad',
  'duration-bad',
  'grow-factor',
  'threshold-no-percent',
  'overcommit',
  'halt',
  'max-growth',
  'hostile-bounds',
  'max-parallel',
  'cpus-over-host',
  'preemptible',
  'on-preempt',
  'on-pressure',
  'retries',
  'when',
  'priority',
  'checkpoint',
  'profile',
  'group-empty',
  'env-names',
  'env-values',
  'matrix-scalar',
  'matrix-key-bad',
  'name-bad',
  'control-characters',
  'many-at-once',
  'list-at-top',
  'scalar-at-top',
];

describe('bad jobfiles', () => {
  const names = yamlIn(BAD);
  it('are at least 45', () => {
    expect(names.length).toBeGreaterThanOrEqual(45);
  });
  it.each(names)('%s says exactly what is wrong', (name) => {
    const result = loadJobfile(readFileSync(new URL(name, BAD)), { ...OPTIONS, path: name });
    const expected = readFileSync(new URL(name.replace('.yaml', '.txt'), BAD), 'utf8');
    expect(result.ok ? 'no fault was found' : `${result.error.format()}\n`).toBe(expected);
  });
  it.each(STRUCTURAL)('%s is refused by the JSON Schema too', (name) => {
    const value: unknown = parse(readFileSync(new URL(`${name}.yaml`, BAD), 'utf8'), {
      merge: true,
    });
    expect(validate(value)).toBe(false);
  });
});

describe('good jobfiles', () => {
  const names = yamlIn(GOOD);
  it('are there', () => {
    expect(names.length).toBeGreaterThanOrEqual(5);
  });
  it.each(names)('%s makes a plan', (name) => {
    const result = loadJobfile(readFileSync(new URL(name, GOOD)), { ...OPTIONS, path: name });
    expect(result.ok ? '' : result.error.format()).toBe('');
    expect(
      result.ok &&
        result.value.tasks.length > 0 &&
        result.value.launches.size === result.value.tasks.length,
    ).toBe(true);
  });
  it.each(names)('%s is valid by the JSON Schema', (name) => {
    const value: unknown = parse(readFileSync(new URL(name, GOOD), 'utf8'), { merge: true });
    validate(value);
    expect(validate.errors ?? []).toEqual([]);
  });
});
