import { describe, expect, test } from 'vitest';
import { plainTask } from '../../sim/specs.js';
import { doings, Loop, of } from './loop.js';

const task = plainTask('a', { hasInputs: true });

describe('a task with input files', () => {
  test('is measured before it starts', () => {
    const loop = new Loop([task]);
    expect(doings(loop.tick())).toEqual(['measure-inputs a']);
    expect(doings(loop.tick())).toEqual([]);
    const measured = loop.tick({ facts: [{ kind: 'inputs-measured', task: 'a', bytes: 7 }] });
    expect(doings(measured)).toEqual(['launch a']);
    expect(loop.record('a').inputBytes).toBe(7);
  });

  test('starts without a size when a file is missing: the task itself will say so', () => {
    const loop = new Loop([task]);
    loop.tick();
    expect(doings(loop.tick({ facts: [{ kind: 'inputs-measured', task: 'a' }] }))).toEqual([
      'launch a',
    ]);
  });

  test('is measured when what it needs has made its files, and not before', () => {
    const loop = new Loop([
      plainTask('make'),
      plainTask('a', { hasInputs: true, needs: ['make'] }),
    ]);
    expect(doings(loop.tick())).toEqual(['launch make']);
    loop.launchAll();
    expect(doings(loop.end('make'))).toEqual(['measure-inputs a']);
  });

  test('tells the size with its end', () => {
    const loop = new Loop([task]);
    loop.tick();
    loop.tick({ facts: [{ kind: 'inputs-measured', task: 'a', bytes: 7 }] });
    loop.launchAll();
    expect(of(loop.end('a'), 'attempt-ended')).toMatchObject([{ inputBytes: 7 }]);
  });

  test('that is canceled meanwhile is not started by an answer that comes late', () => {
    const loop = new Loop([task]);
    loop.tick();
    loop.tick({ facts: [{ kind: 'stop-requested', signal: 'SIGINT' }] });
    expect(loop.outcome('a')).toBe('canceled');
    const late = loop.tick({ facts: [{ kind: 'inputs-measured', task: 'a', bytes: 7 }] });
    expect(doings(late)).toEqual([]);
  });

  test('is one of many that are measured a few at a time', () => {
    const loop = new Loop(
      Array.from({ length: 1000 }, (_, at) => plainTask(`t${at}`, { hasInputs: true })),
    );
    const asked = [0, 0, 0, 0, 0].map(() => doings(loop.tick()).length);
    expect(asked.reduce((sum, count) => sum + count)).toBe(1000);
    expect(asked[0]).toBeLessThan(1000);
  });
});
