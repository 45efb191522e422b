import { describe, expect, it } from 'vitest';
import { GiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { Loop, of } from './loop.js';

const MAX = 100;

/** Tasks that run, and how many processes each has. */
function running(ids: readonly string[]): Loop {
  const memory = { requestBytes: GiB / 8, grow: { kind: 'none' } } as const;
  const loop = new Loop(ids.map((id) => plainTask(id, { memory, cpus: 0 })));
  loop.tick();
  loop.launchAll();
  return loop;
}

function look(loop: Loop, pids: Readonly<Record<string, number>>, refusals: number, max = MAX) {
  const current = Object.values(pids).reduce((sum, count) => sum + count, 0);
  const use = Object.fromEntries(Object.keys(pids).map((id) => [id, 1]));
  return loop.tick({ use, pids, host: { pids: { current, max, refusals } } });
}

describe('max_pids', () => {
  it('nobody is ended below it, nor at it while no fork has failed', () => {
    const loop = running(['a', 'b']);
    look(loop, { a: 60, b: 20 }, 0);
    look(loop, { a: 80, b: 20 }, 0);
    expect(of(loop, 'pids-reached')).toEqual([]);
    expect(of(loop, 'attempt-stopping')).toEqual([]);
  });

  it('who has more than half is ended at once when a fork fails, and fails by its own fault', () => {
    const loop = running(['bomb', 'b']);
    const { actions } = look(loop, { bomb: 80, b: 20 }, 1);
    expect(of(loop, 'pids-reached')).toMatchObject([
      { pids: 100, maxPids: MAX, largest: { task: 'bomb', attempt: 1, pids: 80 } },
    ]);
    expect(actions).toContainEqual({ kind: 'kill', task: 'bomb', attempt: 1 });
    loop.end('bomb', { kind: 'signal', signal: 'SIGKILL' });
    expect(of(loop, 'attempt-ended')[0]?.verdict).toEqual({
      kind: 'over-pids',
      pids: 80,
      maxPids: MAX,
    });
    expect(loop.outcome('bomb')).toBe('failed');
  });

  it('where nobody has half, forks may fail for ten seconds before the one with the most is ended', () => {
    const loop = running(['a', 'b', 'c']);
    const pids = { a: 30, b: 40, c: 30 };
    for (let refusals = 1; refusals <= 100; refusals += 1) look(loop, pids, refusals);
    expect(of(loop, 'attempt-stopping')).toEqual([]);
    expect(of(loop, 'pids-reached')).toHaveLength(1);
    look(loop, pids, 101);
    expect(of(loop, 'attempt-stopping').map(({ task }) => task)).toEqual(['b']);
  });

  it('while the one that was ended is still dying, nobody else is', () => {
    const loop = running(['a', 'b', 'c']);
    const pids = { a: 30, b: 40, c: 30 };
    for (let refusals = 1; refusals <= 150; refusals += 1) look(loop, pids, refusals);
    expect(of(loop, 'attempt-stopping').map(({ task }) => task)).toEqual(['b']);
  });

  it('spells apart from each other do not add up', () => {
    const loop = running(['a', 'b', 'c']);
    const pids = { a: 30, b: 40, c: 30 };
    for (let spell = 1; spell <= 8; spell += 1) {
      look(loop, pids, spell);
      loop.tick({ afterMs: 3000, use: { a: 1 } });
    }
    expect(of(loop, 'attempt-stopping')).toEqual([]);
  });

  it('where no kernel refuses anything, more than it is what counts', () => {
    const loop = running(['a', 'b']);
    look(loop, { a: 81, b: 20 }, 0);
    expect(of(loop, 'attempt-stopping').map(({ task }) => task)).toEqual(['a']);
  });

  it('what was refused between two looks at the attempts is not forgotten', () => {
    const loop = running(['a', 'b']);
    look(loop, { a: 80, b: 20 }, 0);
    loop.tick({ isFresh: true, host: { pids: { current: 100, max: MAX, refusals: 5 } } });
    expect(of(loop, 'attempt-stopping')).toEqual([]);
    look(loop, { a: 80, b: 20 }, 5);
    expect(of(loop, 'attempt-stopping').map(({ task }) => task)).toEqual(['a']);
  });
});
