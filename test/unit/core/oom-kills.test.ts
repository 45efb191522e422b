import { describe, expect, test } from 'vitest';
import type { ExitStatus } from '../../../src/core/outcome.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { Loop, of } from './loop.js';

const KILLED: ExitStatus = { kind: 'signal', signal: 'SIGKILL' };

/** One attempt of `a`, let in when the host had counted `before` kills, ends by SIGKILL when it has counted `after`. */
function endOf(before: number | undefined, after: number | undefined, peakBytes = GiB) {
  const count = (oomKills: number | undefined) => (oomKills === undefined ? {} : { oomKills });
  const loop = new Loop([plainTask('a')]);
  loop.tick({ host: count(before) });
  loop.launchAll({ host: count(before), use: { a: peakBytes } });
  const decision = loop.tick({
    host: count(after),
    facts: [loop.exited('a', KILLED), loop.emptied('a', { peakBytes })],
  });
  return { loop, verdict: of(decision, 'attempt-ended')[0]?.verdict };
}

describe('OOM kills that only the host counts', () => {
  test('one since admission makes a bystander, which runs again', () => {
    const { loop, verdict } = endOf(7, 8);
    expect(verdict).toMatchObject({
      kind: 'bystander',
      oom: { oomKill: 1, oom: 0, max: 0, of: 'host' },
    });
    expect(loop.record('a')).toMatchObject({ bystanderKills: 1, retries: 0 });
    expect(loop.control.oomKillsBefore.size).toBe(0);
  });

  test('alone and as large as the budget, it does not fit', () => {
    expect(endOf(0, 1, 9.5 * GiB).verdict).toMatchObject({ kind: 'over-budget' });
  });

  test.each([
    ['the count has not moved', 7, 7],
    ['nothing counts', undefined, undefined],
    ['it began to count later', undefined, 3],
    ['it stopped counting', 7, undefined],
  ])('from outside: %s', (_, before, after) => {
    expect(endOf(before, after).verdict).toEqual({ kind: 'external-signal', signal: 'SIGKILL' });
  });
});

describe('what counts as an OOM kill', () => {
  test.each([
    ['the kernel at its own limit', { oomKill: 1, oom: 1, max: 3 }, 1],
    ['memsched, which found it over its limit', { oomKill: 0, oom: 0, max: 0, of: 'sampled' }, 0],
  ] as const)('%s', (_, oom, oomKills) => {
    const limited = { limitBytes: 200 * MiB, grow: { kind: 'none' } } as const;
    const loop = new Loop([plainTask('a', { memory: limited })]);
    loop.tick();
    loop.launchAll({ use: { a: 207 * MiB } });
    const end = loop.end('a', KILLED, { peakBytes: 207 * MiB, oom });
    expect(of(end, 'attempt-ended')[0]?.verdict).toMatchObject({ kind: 'own-limit', oom });
    expect(of(end, 'run-ended')[0]).toMatchObject({ outcomes: { 'oom-killed': 1 }, oomKills });
  });
});
