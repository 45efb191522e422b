import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  environmentFrame,
  failureWords,
  orderFrame,
  parseReport,
} from '../../../src/adapters/process/launch-helper-protocol.js';
import type { LaunchOrder } from '../../../src/supervisor/ports.js';

/** What a program can be given: anything but NUL. */
const word = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\0', ''));

function orderWith(change: Partial<LaunchOrder>): LaunchOrder {
  return {
    task: 't',
    attempt: 1,
    spec: { command: { kind: 'argv', argv: ['x'] }, cwd: '/w', env: {} },
    entry: { env: {} },
    env: {},
    oomScoreAdj: 200,
    stdoutPath: '/l/1.out',
    stderrPath: '/l/1.err',
    ...change,
  };
}

/** Takes a frame apart as the helper does. */
function fieldsOf(frame: Buffer): readonly string[] {
  expect(frame.readUInt32BE()).toBe(frame.length - 4);
  return frame.subarray(4).toString('utf8').split('\0');
}

describe('frames', () => {
  test('an order says who, what, where, and then words and settings, however odd', () => {
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1 }),
        fc.array(fc.tuple(word, word)),
        (argv, pairs) => {
          const env = Object.fromEntries(pairs.map(([name, value]) => [`x${name}`, value]));
          const order = orderWith({ entry: { procsFile: '/c/cgroup.procs', env: {} } });
          const frame = orderFrame(7, order, { argv, program: '/bin/x', env });
          expect(fieldsOf(frame)).toEqual([
            ...['7', '1 t', '/bin/x', '/w', '/c/cgroup.procs', '200', '', '/l/1.out', '/l/1.err'],
            String(argv.length),
            ...argv,
            ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
          ]);
        },
      ),
    );
  });

  test('an environment of megabytes is one frame', () => {
    const frame = environmentFrame({ A: 'ü'.repeat(5_000_000), B: '' });
    expect(fieldsOf(frame)).toEqual([`A=${'ü'.repeat(5_000_000)}`, 'B=']);
  });

  test('an empty environment is an empty frame', () => {
    expect([...environmentFrame({})]).toEqual([0, 0, 0, 0]);
  });
});

describe('reports', () => {
  test.each([
    ['ready', { kind: 'ready' }],
    ['started 3 4711', { kind: 'started', id: 3, pid: 4711 }],
    ['ended 3 256', { kind: 'ended', id: 3, waitStatus: 256 }],
    [
      'failed 3 exec 8 Exec format error',
      { kind: 'failed', id: 3, failure: { stage: 'exec', errno: 8, text: 'Exec format error' } },
    ],
  ])('%s', (line, report) => {
    expect(parseReport(line)).toEqual(report);
  });

  test.each(['', 'ended 3', 'ended x 1', 'failed 3 lunch 1 x', 'started 3 4 5', 'Ready'])(
    'there is none in "%s"',
    (line) => {
      expect(parseReport(line)).toBeUndefined();
    },
  );
});

describe('a failed launch in words', () => {
  const order = orderWith({
    entry: { procsFile: '/c/cgroup.procs', env: {} },
    spec: { command: { kind: 'argv', argv: ['./x', 'y'] }, cwd: '/w', env: {}, stdin: '/in' },
  });
  test.each([
    ['fork', 11, /^cannot start a process: too many processes; .*\(EAGAIN\)$/],
    ['enter', 16, /^could not enter the cgroup of \/c\/cgroup.procs: Words \(EBUSY\)$/],
    ['folder', 13, /^cannot start in \/w: permission denied \(EACCES\)$/],
    ['stdin', 5, /^cannot read stdin from \/in: .*\(EIO\)$/],
    ['stdout', 28, /^cannot write the task's output to \/l\/1.out: no space .*\(ENOSPC\)$/],
    ['stderr', 21, /^cannot write the task's output to \/l\/1.err: it is a folder \(EISDIR\)$/],
    ['exec', 7, /^could not execute .\/x: .* too long for the kernel \(E2BIG\)$/],
    ['exec', 8, /^could not execute .\/x: Words \(ENOEXEC\)$/],
    ['exec', 4095, /^could not execute .\/x: Words \(error 4095\)$/],
    ['exec', 2, /^could not execute .\/x: it, or the interpreter that it names, is not found$/],
  ] as const)('%s, %i', (stage, errno, words) => {
    expect(failureWords({ stage, errno, text: 'Words' }, order)).toMatch(words);
  });
});
