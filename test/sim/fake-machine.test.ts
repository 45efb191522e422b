import { describe, expect, test } from 'vitest';
import { GiB, MiB } from '../../src/util/bytes.js';
import type { Enclosure } from './enclosure.js';
import { FakeMachine } from './fake-machine.js';
import { idleMachine, type MachineSpec } from './machine-spec.js';
import { NO_MISHAPS, rampAndHold, type Program } from './program.js';
import { VirtualClock } from './virtual-clock.js';

interface Scene {
  readonly machine: FakeMachine;
  readonly add: (
    task: string,
    program: Program,
    more?: { limitBytes?: number; adj?: number },
  ) => Enclosure;
  readonly exits: string[];
  readonly pass: (ms: number) => void;
}

function scene(change: Partial<MachineSpec> = {}): Scene {
  const clock = new VirtualClock();
  const machine = new FakeMachine(
    { ...idleMachine(2 * GiB), outsideBytes: () => 0, ...change },
    clock,
  );
  const exits: string[] = [];
  machine.start();
  return {
    machine,
    exits,
    add: (task, program, { limitBytes, adj = 0 } = {}) => {
      const limits = limitBytes === undefined ? {} : { limitBytes };
      const enclosure = machine.open({ task, attempt: 1 }, limits);
      enclosure.moveIn({
        program,
        mishaps: NO_MISHAPS,
        exitsWith: { kind: 'code', code: 0 },
        oomScoreAdj: adj,
        startsAtMs: 0,
        onExit: (end) => exits.push(`${task} ${'code' in end ? end.code : end.kind}`),
      });
      return enclosure;
    },
    pass: (ms) => {
      const end = clock.monotonicMs() + ms;
      clock.runUntil(() => clock.monotonicMs() >= end, end + 100);
    },
  };
}

describe('the fake machine', () => {
  test('lets a program grow along its curve and end', () => {
    const { add, pass, exits, machine } = scene();
    const enclosure = add('a', rampAndHold(100 * MiB, 1000, 1000));
    pass(500);
    expect(enclosure.anonBytes / MiB).toBeCloseTo(50, 0);
    pass(600);
    expect(enclosure.anonBytes).toBe(100 * MiB);
    pass(1000);
    expect(exits).toEqual(['a 0']);
    expect(machine.tasksBytes()).toBe(0);
    expect(enclosure.peakBytes).toBe(100 * MiB);
  });

  test('shares its processors', () => {
    const { add, pass, exits } = scene({ cpus: 1 });
    add('a', rampAndHold(MiB, 10, 990));
    add('b', rampAndHold(MiB, 10, 990));
    pass(1900);
    expect(exits).toEqual([]);
    pass(200);
    expect(exits).toHaveLength(2);
  });

  test('brakes growth over memory.high, says so, and shows it as stall', () => {
    const { add, pass, machine } = scene();
    machine.high = 100 * MiB;
    let notices = 0;
    machine.onNotice = () => (notices += 1);
    const enclosure = add('a', rampAndHold(1000 * MiB, 1000, 1000));
    pass(1000);
    expect(enclosure.anonBytes).toBeGreaterThan(80 * MiB);
    expect(enclosure.anonBytes).toBeLessThan(150 * MiB);
    expect(machine.brakeEvents).toBeGreaterThan(10);
    expect(notices).toBeGreaterThan(10);
    expect(machine.psi.fullUs).toBeGreaterThan(500_000);
    machine.high = 'max';
    pass(1000);
    expect(enclosure.anonBytes).toBeGreaterThan(900 * MiB);
  });

  test('gives page cache up before it slows or kills anyone', () => {
    const { add, pass, machine } = scene();
    machine.high = 1 * GiB;
    const reader = add('reader', { ...rampAndHold(10 * MiB, 100, 60_000), cacheBytesPerS: GiB });
    pass(1500);
    expect(reader.cacheBytes).toBeGreaterThan(500 * MiB);
    add('grower', rampAndHold(900 * MiB, 1000, 1000));
    pass(1500);
    expect(machine.tasksBytes()).toBe(910 * MiB);
    expect(machine.oomKills).toEqual({ own: 0, tree: 0, host: 0 });
    expect(machine.reclaimScans).toBeGreaterThan(0);
  });

  test('kills what is over its own limit, and counts that there', () => {
    const { add, pass, exits, machine } = scene();
    const enclosure = add('a', rampAndHold(300 * MiB, 100, 1000), { limitBytes: 200 * MiB });
    pass(500);
    expect(exits).toEqual(['a signal']);
    expect(enclosure.cause).toBe('own-limit');
    expect(enclosure.oom).toEqual({ oomKill: 1, oom: 1, max: 1 });
    expect(machine.oomKills.own).toBe(1);
  });

  test('kills the largest over the limit of the tree: not the one that asked', () => {
    const { add, pass, machine } = scene();
    machine.max = 1 * GiB;
    const large = add('large', rampAndHold(800 * MiB, 100, 10_000));
    pass(300);
    const small = add('small', rampAndHold(300 * MiB, 100, 10_000));
    pass(500);
    expect(large.cause).toBe('tree-oom');
    expect(large.oom).toEqual({ oomKill: 1, oom: 0, max: 0 });
    expect(small.anonBytes).toBe(300 * MiB);
    expect(machine.oomKills).toEqual({ own: 0, tree: 1, host: 0 });
  });

  test('kills the more expendable of two that are about as large', () => {
    const { add, pass } = scene();
    const dear = add('dear', rampAndHold(900 * MiB, 100, 10_000));
    const cheap = add('cheap', rampAndHold(800 * MiB, 100, 10_000), { adj: 200 });
    pass(300);
    add('third', rampAndHold(500 * MiB, 100, 10_000));
    pass(500);
    expect([dear.cause, cheap.cause]).toEqual([undefined, 'host-oom']);
  });

  test('without a memory controller only the host itself is a limit', () => {
    const { add, pass, machine } = scene({ hasMemoryController: false });
    machine.max = 100 * MiB;
    const enclosure = add('a', rampAndHold(900 * MiB, 100, 1000), { limitBytes: 10 * MiB });
    pass(500);
    expect(enclosure.anonBytes).toBe(900 * MiB);
  });

  test('runs out when others grow', () => {
    const { add, pass, machine } = scene({ outsideBytes: (tMs) => (tMs > 500 ? 1.5 * GiB : 0) });
    const enclosure = add('a', rampAndHold(900 * MiB, 100, 10_000));
    pass(1000);
    expect(enclosure.cause).toBe('host-oom');
    expect(machine.oomKills.host).toBe(1);
  });

  test('counts what is outside against the budget', () => {
    const idle = scene().machine.observe().budgetBytes;
    expect(scene({ outsideBytes: () => 1 * GiB }).machine.observe().budgetBytes).toBeLessThan(
      idle - 500 * MiB,
    );
  });
});

describe('signals', () => {
  test.each([
    [{ kind: 'die' }, 200, ['a signal']],
    [{ kind: 'ignore' }, 200, []],
    [{ kind: 'tidy', forMs: 500, code: 7 }, 200, []],
    [{ kind: 'tidy', forMs: 500, code: 7 }, 700, ['a 7']],
  ] as const)('a program that will %o has ended after %i ms: %j', (onTerm, ms, ended) => {
    const { add, pass, exits } = scene();
    const enclosure = add('a', { ...rampAndHold(MiB, 10, 60_000), onTerm });
    pass(100);
    enclosure.signal('SIGTERM', 100);
    pass(ms);
    expect(exits).toEqual(ended);
  });

  test('SIGKILL ends everything', () => {
    const { add, pass, exits } = scene();
    const enclosure = add('a', { ...rampAndHold(MiB, 10, 60_000), onTerm: { kind: 'ignore' } });
    pass(100);
    enclosure.signal('SIGTERM', 100);
    enclosure.kill('supervisor', 100);
    pass(100);
    expect(exits).toEqual(['a signal']);
  });
});
