import { describe, expect, it } from 'vitest';
import { expandMatrix, type MatrixInput, type Row } from '../../../src/adapters/jobfile/matrix.js';
import { taskIds } from '../../../src/adapters/jobfile/task-ids.js';
import { complaintsOf, planOf } from './helpers.js';

function rows(axes: Record<string, string[]>, rest: Partial<MatrixInput> = {}): readonly Row[] {
  const expansion = expandMatrix(
    { axes: new Map(Object.entries(axes)), include: [], exclude: [], ...rest },
    1000,
  );
  if (expansion.kind !== 'rows') throw new Error('too many rows');
  return expansion.rows;
}

describe('a matrix', () => {
  it('combines its keys, the first one slowest', () => {
    expect(rows({ a: ['1', '2'], b: ['x', 'y'] })).toEqual([
      { a: '1', b: 'x' },
      { a: '1', b: 'y' },
      { a: '2', b: 'x' },
      { a: '2', b: 'y' },
    ]);
  });

  it('excludes rows that match all keys of an entry', () => {
    expect(
      rows({ a: ['1', '2'], b: ['x', 'y'] }, { exclude: [{ a: '1', b: 'x' }, { b: 'y' }] }),
    ).toEqual([{ a: '2', b: 'x' }]);
  });

  // The example of the GitHub Actions documentation for include, key by key.
  it('includes as GitHub Actions does', () => {
    const include = [
      { color: 'green' },
      { color: 'pink', animal: 'cat' },
      { fruit: 'apple', shape: 'circle' },
      { fruit: 'banana' },
      { fruit: 'banana', animal: 'cat' },
    ];
    expect(rows({ fruit: ['apple', 'pear'], animal: ['cat', 'dog'] }, { include })).toEqual([
      { fruit: 'apple', animal: 'cat', color: 'pink', shape: 'circle' },
      { fruit: 'apple', animal: 'dog', color: 'green', shape: 'circle' },
      { fruit: 'pear', animal: 'cat', color: 'pink' },
      { fruit: 'pear', animal: 'dog', color: 'green' },
      { fruit: 'banana' },
      { fruit: 'banana', animal: 'cat' },
    ]);
  });

  it('of includes alone has those rows', () => {
    expect(rows({}, { include: [{ a: '1' }, { a: '2', b: 'x' }] })).toEqual([
      { a: '1' },
      { a: '2', b: 'x' },
    ]);
  });

  it('is bounded before it is made', () => {
    const axis = Array.from({ length: 2000 }, (_, index) => String(index));
    const axes = new Map([
      ['a', axis],
      ['b', axis],
      ['c', axis],
    ]);
    expect(expandMatrix({ axes, include: [], exclude: [] }, 1_000_000)).toEqual({
      kind: 'too-many',
      wanted: 8e9,
    });
    const unbound = Array.from({ length: 100_000 }, (_, index) => ({ z: String(index) }));
    expect(
      expandMatrix({ axes: new Map([['a', axis]]), include: unbound, exclude: [] }, 1_000_000).kind,
    ).toBe('too-many');
  });

  it('says of an exclude that it matched nothing', () => {
    const { warnings } = planOf(
      'version: 1\njobs:\n  a:\n    run: ls\n    matrix: { v: [1.0], exclude: [{ v: 1 }] }\n',
    );
    expect(warnings).toEqual(['matrix.exclude[0] of job "a" matches no row.']);
  });

  it('of 100,000 rows loads in seconds', () => {
    const list = Array.from({ length: 1000 }, (_, index) => `s${String(index)}`).join(', ');
    const started = process.cpuUsage();
    const { tasks } = planOf(
      `version: 1\njobs:\n  a:\n    run: ./x "\${{ matrix.b }}"\n    memory: \${{ matrix.b }}M\n    matrix:\n      a: [${list}]\n      b: [${Array.from({ length: 100 }, (_, index) => index + 1).join(', ')}]\n`,
    );
    expect(tasks).toHaveLength(100_000);
    expect(tasks[99_999]?.memory.requestBytes).toBe(100 * 1024 * 1024);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(6);
  }, 60_000);

  it('may not make more tasks than a run may have, all jobs together', () => {
    const list = Array.from({ length: 1000 }, (_, index) => index).join(', ');
    const job = `{ run: ls, matrix: { x: [${list}], y: [${list}] } }`;
    expect(complaintsOf(`version: 1\njobs:\n  a: { run: ls }\n  b: ${job}\n`)).toContain(
      '1,000,000 rows, more than are left of 1,000,000 tasks',
    );
  });
});

describe('task ids', () => {
  it('are the job, or the job and its values', () => {
    expect(taskIds('a', [{}])).toEqual(['a']);
    expect(
      taskIds('a', [
        { x: '1.10', y: 'b c/d' },
        { x: '', y: '..' },
      ]),
    ).toEqual(['a.1.10.b_c_d', 'a._...']);
  });

  it('stay apart when values look alike as file names', () => {
    const ids = taskIds('a', [{ x: 'b c' }, { x: 'b/c' }, { x: 'd' }]);
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toMatch(/^a\.b_c-[0-9a-f]{8}$/);
    expect(ids[2]).toBe('a.d');
  });

  it('are cut to 100 characters and stay apart', () => {
    const ids = taskIds('a', [{ x: 'z'.repeat(500) }, { x: `${'z'.repeat(500)}1` }]);
    expect(ids.map((id) => id.length)).toEqual([100, 100]);
    expect(new Set(ids).size).toBe(2);
    expect(taskIds('j'.repeat(300), [{}])[0]).toHaveLength(100);
  });
});
