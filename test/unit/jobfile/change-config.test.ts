import { describe, expect, test } from 'vitest';
import { changeConfig } from '../../../src/adapters/jobfile/change-config.js';
import { GiB } from '../../../src/util/bytes.js';
import { plainConfig } from '../../sim/specs.js';

const HOST = { baseBytes: 16 * GiB, autoBudgetBytes: 14 * GiB, cpus: 8, autoMaxPids: 4096 };
const config = plainConfig({ groups: { net: 3 }, maxParallel: 5 });

describe('a key of the configuration', () => {
  test.each([
    ['budget', '8G', 'auto', '8.0G', { budget: { kind: 'bytes', bytes: 8 * GiB } }],
    ['budget', '50%', 'auto', '8.0G', { budget: { kind: 'bytes', bytes: 8 * GiB } }],
    ['hold', '70%', '80%', '70%', { holdShare: 0.7, isAsTold: true }],
    ['memory.preempt', '0.85', '90%', '85%', { preemptShare: 0.85, isAsTold: true }],
    ['critical', '99%', '95%', '99%', { criticalShare: 0.99, isAsTold: true }],
    ['overcommit', '1.2', '0.9', '1.2', { overcommit: 1.2, isAsTold: true }],
    ['max_parallel', '2', '5', '2', { maxParallel: 2 }],
    ['halt', 'soon,fail=20%', 'never', 'soon,fail=20%', { halt: { kind: 'soon' } }],
    ['groups.net', '1', '3', '1', { groups: { net: 1 } }],
    ['groups.net.max_parallel', '9', '3', '9', { groups: { net: 9 } }],
  ])('%s may become %s', (key, value, before, after, changed) => {
    const change = changeConfig(config, key, value, HOST);
    expect(change).toMatchObject({ ok: true, value: { before, after, config: changed } });
    if (!change.ok) return;
    const same = Object.keys(config).filter((name) => !Object.keys(changed).includes(name));
    const pick = (from: object): unknown[] =>
      same.map((name) => Reflect.get(from, name) as unknown);
    expect(pick(change.value.config)).toEqual(pick(config));
  });

  test('max_parallel may go', () => {
    const change = changeConfig(config, 'max_parallel', 'none', HOST);
    expect(change).toMatchObject({ ok: true, value: { after: 'none' } });
    expect(change.ok && 'maxParallel' in change.value.config).toBe(false);
  });

  test.each([
    ['hold', '95%', /memory\.preempt \(90%\) must be above memory\.hold \(95%\)/],
    ['hold', '5%', /too low/],
    ['hold', 'much', /expected a share of the budget/],
    ['max_parallel', '0', /expected a whole number, 1 or more/],
    ['max_parallel', '{ a: 1 }', /expected a whole number/],
    ['budget', '0', /nothing could run in a budget of 0/],
    ['budget', '12', /expected auto, a size such as 12G/],
    ['budget', '12M', /a budget of 12M is less than the 64M that a run needs/],
    ['budget', '{', /budget=\{/],
    ['halt', 'sometimes', /halt/],
    ['overcommit', '7', /expected a share/],
    ['buget', '1G', /did you mean "budget"\?\n {2}what can: budget, .*groups\.net/],
    ['interval', '1s', /"interval" cannot be set while a run is under way/],
    ['groups.nett', '1', /did you mean "groups.net"/],
    ['groups.__proto__', '1', /cannot be set/],
    ['__proto__', '1', /cannot be set/],
    ['name', 'x', /cannot be set/],
  ])('%s may not become %s', (key, value, words) => {
    const change = changeConfig(config, key, value, HOST);
    expect(change.ok ? '' : change.error).toMatch(words);
  });
});
