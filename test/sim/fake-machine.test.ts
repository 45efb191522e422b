import { describe, expect, test } from 'vitest';
import { GiB, MiB } from '../../src/util/bytes.js';
import type { Enclosure } from './enclosure.js';
import { FakeMachine } from './fake-machine.js';
import { idleMachine, type MachineSpec } from './machine-spec.js';
import { NO_MISHAPS, rampAndHold, type Mishaps, type Program } from './program.js';
import { VirtualClock } from './virtual-clock.js';

interface More {
  readonly limitBytes?: number;
  readonly swapBytes?: number;
  readonly adj?: number;
  readonly mishaps?: Partial<Mishaps>;
}

interface Scene {
  readonly machine: FakeMachine;
  readonly add: (task: string, program: Program, more?: More) => Enclosure;
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
    add: (task, program, { adj = 0, mishaps = {}, ...limits } = {}) => {
      const enclosure = machine.open({ task, attempt: 1 }, limits);
      enclosure.moveIn({
        program,
        mishaps: { ...NO_MISHAPS, ...mishaps },
        exitsWith: { kind: 'code', code: 0 },
        oomScoreAdj: adj,
        fromMs: 0,
        onSave: () => undefined,
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
    const { memory } = add('a', rampAndHold(100 * MiB, 1000, 1000));
    pass(500);
    expect(memory.anonBytes / MiB).toBeCloseTo(50, 0);
    pass(600);
    expect(memory.anonBytes).toBe(100 * MiB);
    pass(1000);
    expect(exits).toEqual(['a 0']);
    expect(machine.tasks.anonBytes).toBe(0);
    expect(memory.peakBytes).toBe(100 * MiB);
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

  test('counts what is outside against the budget', () => {
    const idle = scene().machine.observe().budgetBytes;
    expect(scene({ outsideBytes: () => 1 * GiB }).machine.observe().budgetBytes).toBeLessThan(
      idle - 500 * MiB,
    );
  });

  test('takes new page cache for a working set until memory.stat has caught up', () => {
    const { add, pass, machine } = scene({ statLagMs: 1000 });
    machine.observe();
    add('a', { ...rampAndHold(10 * MiB, 10, 60_000), cacheBytesPerS: 100 * MiB });
    pass(500);
    expect(machine.observe().usedBytes / MiB).toBeCloseTo(60, -1);
    pass(600);
    expect(machine.observe().usedBytes).toBe(10 * MiB);
  });
});

describe('memory.high', () => {
  test('brakes growth, says so, and shows it as stall', () => {
    const { add, pass, machine } = scene();
    machine.drawHigh(100 * MiB);
    let notices = 0;
    machine.onNotice = () => (notices += 1);
    const { memory } = add('a', rampAndHold(1000 * MiB, 1000, 1000));
    pass(1000);
    expect(memory.anonBytes).toBeGreaterThan(100 * MiB);
    expect(memory.anonBytes).toBeLessThan(110 * MiB);
    expect(machine.brakeEvents).toBeGreaterThan(10);
    expect(notices).toBeGreaterThan(10);
    expect(machine.psi.fullUs).toBeGreaterThan(500_000);
    machine.drawHigh('max');
    pass(1000);
    expect(memory.anonBytes).toBeGreaterThan(900 * MiB);
  });

  test('slows the more the further use is over it', () => {
    const { add, pass, machine } = scene();
    machine.drawHigh(100 * MiB);
    const { memory } = add('a', rampAndHold(1000 * MiB, 1000, 1000));
    const grown = [0, 1, 2].map(() => {
      const before = memory.anonBytes;
      pass(2000);
      return memory.anonBytes - before;
    });
    expect(grown[1]).toBeLessThan(grown[0]!);
    expect(grown[2]).toBeLessThan(grown[1]!);
    expect(grown[2]).toBeGreaterThan(0);
  });

  test('drops page cache first: that slows nobody and kills nobody', () => {
    const { add, pass, machine } = scene();
    machine.drawHigh(1 * GiB);
    const reader = add('reader', { ...rampAndHold(10 * MiB, 100, 60_000), cacheBytesPerS: GiB });
    pass(1500);
    expect(reader.memory.cacheBytes).toBeGreaterThan(500 * MiB);
    add('grower', rampAndHold(900 * MiB, 1000, 3000));
    pass(2000);
    expect(machine.tasks.anonBytes).toBe(910 * MiB);
    expect(machine.oomKills).toEqual({ own: 0, tree: 0, host: 0 });
    expect(machine.reclaimScans).toBeGreaterThan(0);
  });

  test('costs time where the page cache is needed again', () => {
    const program = { ...rampAndHold(10 * MiB, 100, 3000), hotCacheBytes: 400 * MiB };
    const calm = scene();
    calm.add('a', program);
    calm.pass(3200);
    expect(calm.exits).toEqual(['a 0']);
    const short = scene();
    short.add('a', program);
    short.pass(1000);
    short.machine.drawHigh(50 * MiB);
    short.pass(2200);
    expect(short.exits).toEqual([]);
    expect(short.machine.psi.fullUs).toBeGreaterThan(1_000_000);
  });
});

describe('swap', () => {
  const swap = { totalBytes: 1 * GiB, bytesPerMs: 0.2 * MiB };

  test('takes what does not fit, slowly, and shows it as stall', () => {
    const { add, pass, machine } = scene({ swap });
    const { memory } = add('a', rampAndHold(2.2 * GiB, 1000, 60_000));
    pass(2000);
    expect(memory.swapBytes).toBeGreaterThan(100 * MiB);
    expect(memory.swapBytes).toBeLessThan(400 * MiB);
    expect(machine.psi.fullUs).toBeGreaterThan(500_000);
    expect(machine.observe().swapFreeBytes).toBe(1 * GiB - memory.swapBytes);
    expect(machine.oomKills.host).toBe(0);
  });

  test('is not used where memory.swap.max forbids it', () => {
    const { add, pass, exits } = scene({ swap });
    const { memory } = add('a', rampAndHold(2.2 * GiB, 1000, 60_000), { swapBytes: 0 });
    pass(2000);
    expect(memory.swapBytes).toBe(0);
    expect(exits).toEqual(['a signal']);
  });

  test('puts the OOM killer off only until it is full', () => {
    const small = { ...swap, totalBytes: 100 * MiB };
    const { add, pass, machine } = scene({ swap: small });
    add('a', rampAndHold(2.2 * GiB, 1000, 60_000));
    pass(4000);
    expect(machine.oomKills.host).toBe(1);
  });

  test('gives back what is touched again, once there is room', () => {
    const { add, pass, machine } = scene({ swap });
    const { memory } = add('a', rampAndHold(500 * MiB, 100, 60_000));
    pass(200);
    machine.drawHigh(400 * MiB);
    pass(200);
    const out = memory.swapBytes;
    expect(out).toBeGreaterThan(0);
    machine.drawHigh('max');
    pass(5000);
    expect(memory.swapBytes).toBeLessThan(out / 2);
  });
});

describe('the OOM killer', () => {
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
    expect(small.memory.anonBytes).toBe(300 * MiB);
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

  test('acts when others grow', () => {
    const { add, pass, machine } = scene({ outsideBytes: (tMs) => (tMs > 500 ? 1.5 * GiB : 0) });
    const enclosure = add('a', rampAndHold(900 * MiB, 100, 10_000));
    pass(1000);
    expect(enclosure.cause).toBe('host-oom');
    expect(machine.oomKills.host).toBe(1);
  });

  test('takes others, too, if they are larger', () => {
    const bytes = (tMs: number): number => (tMs > 500 ? 1.5 * GiB : 0);
    const { add, pass, machine } = scene({ neighbours: [{ bytes, oomScoreAdj: 0 }] });
    const enclosure = add('a', rampAndHold(900 * MiB, 100, 10_000));
    pass(1000);
    expect(enclosure.cause).toBeUndefined();
    expect(machine.oomRecords).toMatchObject([{ cause: 'host-oom', task: undefined }]);
    expect(machine.observe().outsideBytes).toBeLessThan(100 * MiB);
  });

  test('acts when the limit of an ancestor falls below use', () => {
    const ancestor = {
      limitBytes: (tMs: number) => (tMs > 500 ? 500 * MiB : GiB),
      outsideBytes: () => 0,
    };
    const { add, pass, machine } = scene({ ancestor });
    const enclosure = add('a', rampAndHold(600 * MiB, 100, 10_000));
    pass(400);
    expect(machine.observe().capacityBytes).toBe(1 * GiB);
    pass(600);
    expect(enclosure.cause).toBe('host-oom');
    expect(machine.observe().capacityBytes).toBe(500 * MiB);
  });

  test('takes all of an attempt with memory.oom.group, and without it the largest process', () => {
    const program = { ...rampAndHold(3 * GiB, 1000, 1000), isWrapped: true };
    const grouped = scene();
    grouped.add('a', program);
    grouped.pass(1500);
    expect(grouped.exits).toEqual(['a signal']);
    const alone = scene({ tier: 'hybrid' });
    alone.add('a', program);
    alone.pass(1500);
    expect(alone.exits).toEqual(['a 137']);
  });

  test('is only the host itself without a memory controller', () => {
    const { add, pass, machine } = scene({ tier: 'hybrid' });
    machine.max = 100 * MiB;
    const { memory } = add('a', rampAndHold(900 * MiB, 100, 1000), { limitBytes: 10 * MiB });
    pass(500);
    expect(memory.anonBytes).toBe(900 * MiB);
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

  test('are not needed for what was forgotten: it lives on, holds its memory, and ends', () => {
    const { add, pass, exits, machine } = scene();
    const { ref } = add('a', rampAndHold(500 * MiB, 10, 1000), { mishaps: { vanishesAtMs: 100 } });
    pass(200);
    machine.remove(ref);
    pass(200);
    expect(machine.observe().outsideBytes).toBeGreaterThan(500 * MiB);
    pass(1000);
    expect(exits).toEqual(['a 0']);
    expect(machine.observe().outsideBytes).toBeLessThan(100 * MiB);
  });

  test('do not reach what was moved out of its cgroup, and its memory counts as that of others', () => {
    const { add, pass, exits, machine } = scene();
    const enclosure = add('a', rampAndHold(500 * MiB, 10, 1000), {
      mishaps: { vanishesAtMs: 100 },
    });
    pass(200);
    expect(machine.tasks.anonBytes).toBe(0);
    expect(machine.observe().outsideBytes).toBeGreaterThan(500 * MiB);
    enclosure.kill('supervisor', 200);
    pass(500);
    expect(exits).toEqual([]);
    pass(500);
    expect(exits).toEqual(['a 0']);
  });
});
