import { describe, expect, it } from 'vitest';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { Loop, of } from './loop.js';

function running(config: ConstructorParameters<typeof Loop>[1] = {}): Loop {
  const memory = { requestBytes: GiB / 8, grow: { kind: 'none' } } as const;
  const loop = new Loop([plainTask('a', { memory, cpus: 0 })], config);
  loop.tick();
  loop.launchAll();
  return loop;
}

describe('what attempts do to themselves', () => {
  it('a pause is told once, and its end with how long it took', () => {
    const loop = running();
    const look = (pausedBy?: 'signal'): void => {
      loop.tick({
        use: { a: 1 },
        ...(pausedBy === undefined ? {} : { seen: { a: { pausedBy } } }),
      });
    };
    look();
    look('signal');
    look('signal');
    const { phase } = loop.record('a');
    expect(phase).toMatchObject({ kind: 'running', attempt: { pausedAtMs: 400 } });
    look();
    look();
    expect(of(loop, 'attempt-paused').map(({ by, tMs }) => [by, tMs])).toEqual([['signal', 400]]);
    expect(of(loop, 'attempt-unpaused').map(({ afterMs }) => afterMs)).toEqual([200]);
    expect(loop.record('a').phase).not.toHaveProperty('attempt.pausedAtMs');
  });

  it('one that has left its cgroup, or changed its limit, is told of each time', () => {
    const loop = running();
    loop.tick({ use: { a: 1 }, seen: { a: { strayedTo: '/' } } });
    loop.tick({ use: { a: 1 }, seen: { a: { tamperedWith: 'memory.max' } } });
    expect(of(loop, 'attempt-strayed').map(({ to }) => to)).toEqual(['/']);
    expect(of(loop, 'attempt-tampered').map(({ file }) => file)).toEqual(['memory.max']);
  });
});

describe('a log that is too large', () => {
  const overgrown = (bytes: number) =>
    ({ kind: 'log-overgrown', task: 'a', attempt: 1, stream: 'stdout', bytes }) as const;

  it('is cut to half of what it may have and an end, and what is left out adds up', () => {
    const loop = running({ maxLogBytes: 1024 });
    const { actions } = loop.tick({ facts: [overgrown(5000)] });
    const cut = {
      task: 'a',
      attempt: 1,
      stream: 'stdout',
      maxBytes: 1024,
      headBytes: 512,
      tailBytes: 256,
      leftOutBytes: 5000 - 512 - 256,
    };
    expect(actions).toContainEqual({ kind: 'cut-log', ...cut });
    loop.tick({ facts: [overgrown(2000)] });
    expect(of(loop, 'log-cut').map(({ leftOutBytes }) => leftOutBytes)).toEqual([4232, 5464]);
    loop.end('a');
    expect(loop.record('a').past[0]?.leftOutBytes).toBe(5464);
  });

  it('keeps no more of its end than passes through memory without harm', () => {
    const loop = running({ maxLogBytes: GiB });
    loop.tick({ facts: [overgrown(2 * GiB)] });
    expect(of(loop, 'log-cut')[0]).toMatchObject({ headBytes: GiB / 2, tailBytes: MiB });
  });
});
