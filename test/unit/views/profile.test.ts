import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, it, vi } from 'vitest';
import { findGroup } from '../../../src/cli/find-groups.js';
import { UsageError } from '../../../src/cli/errors.js';
import type { RunSample } from '../../../src/core/learning/types.js';
import {
  profileObject,
  profileObjects,
  profilesTable,
  profileText,
} from '../../../src/reporters/views/profile.js';
import { MiB } from '../../../src/util/bytes.js';
import { storedProfile } from '../../support/profiles.js';
import { completed, stopped } from '../core/learning/samples.js';

vi.stubEnv('TZ', 'UTC');

const plain = new Chalk({ level: 0 });
const curve = (peakMiB: number) =>
  Array.from({ length: 16 }, (_, bin) => Math.round((peakMiB * MiB * (bin + 1)) / 16));
const RUNS: RunSample[] = [100, 140, 120, 180, 110].map((peak, at) =>
  completed(at, peak, { curve: curve(peak), inputBytes: peak * 1000 }),
);
const ALIGN = storedProfile('align#0123abcd', [...RUNS, stopped(9, 300)]);

describe('ls', () => {
  it('has a line for each group, the last seen first', () => {
    const other = storedProfile('only stopped', [stopped(20, 300, { tier: 'procfs' })]);
    expect(`\n${profilesTable([ALIGN, other])}\n`).toMatchInlineSnapshot(`
      "
      GROUP           RUNS  PEAK   P95   AVG  ESTIMATE   TIME  CPUS  LAST SEEN            TIER
      only stopped       0     –     –     –         –      –     –  2023-11-14 22:33:20  procfs
      align#0123abcd     5  180M  180M  130M      300M  1m00s   1.0  2023-11-14 22:22:20  cgroup
      "
    `);
    expect(profileObjects([ALIGN, other])).toMatchObject([
      { group: 'only stopped', runs: 0, stopped: 1, lowerBoundBytes: 300 * MiB, cpus: null },
      { group: 'align#0123abcd', label: 'align', runs: 5, largestPeakBytes: 180 * MiB },
    ]);
  });
});

describe('show', () => {
  it('has numbers, a histogram and the curve, in 80 columns without colour', () => {
    const text = profileText(ALIGN, plain);
    // Which rule is the best one so far is no matter of this view.
    const shown = text.replace(/\S+ +by expected-cost and curve \(.*\)/, '… by expected-cost (…)');
    expect(`\n${shown}\n`).toMatchInlineSnapshot(`
      "
      align#0123abcd
      runs       5 completed; 1 more stopped on the way up, at up to 300M
      last seen  2023-11-14 22:22:20
      tier       cgroup
      peak       avg 130M · p50 120M · p95 180M · highest 180M
      time       mean 1m00s · longest 1m00s
      cpus       1.00 kept busy
      input      98K to 176K, known of 5 runs
      estimate   … by expected-cost (…); the default
                 300M  by peak
                 188M  by p95
                 121M  by p50
                 130M  by avg

              PEAK  RUNS
       96M to 104M     1  ████████████████████████████████████████████████████████████
      104M to 112M     1  ████████████████████████████████████████████████████████████
      112M to 120M     0
      120M to 128M     1  ████████████████████████████████████████████████████████████
      128M to 136M     0
      136M to 144M     1  ████████████████████████████████████████████████████████████
      144M to 152M     0
      152M to 160M     0
      160M to 168M     0
      168M to 176M     0
      176M to 184M     1  ████████████████████████████████████████████████████████████

      memory over the time of a run, from 5 curves:
      FROM  TIME  MEAN
        0%  0.0s  8.1M  ± 2.2M  ██▓
        6%  3.8s   16M  ± 4.3M  ████▓▒▒
       13%  7.5s   24M  ± 6.5M  ██████▓▓▒▒
       19%   11s   33M  ± 8.7M  ████████▓▓▓▒▒▒
       25%   15s   41M   ± 11M  ██████████▓▓▓▒▒▒▒
       31%   19s   49M   ± 13M  ████████████▓▓▓▓▒▒▒▒
       38%   23s   57M   ± 15M  ██████████████▓▓▓▓▓▒▒▒▒▒
       44%   26s   65M   ± 17M  ████████████████▓▓▓▓▓▒▒▒▒▒▒
       50%   30s   73M   ± 20M  ██████████████████▓▓▓▓▓▓▒▒▒▒▒▒
       56%   34s   81M   ± 22M  ████████████████████▓▓▓▓▓▓▓▒▒▒▒▒▒▒
       63%   38s   90M   ± 24M  █████████████████████▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒
       69%   41s   98M   ± 26M  ███████████████████████▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒
       75%   45s  106M   ± 28M  █████████████████████████▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒
       81%   49s  114M   ± 30M  ███████████████████████████▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒
       88%   53s  122M   ± 33M  █████████████████████████████▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒
       94%   56s  130M   ± 35M  ███████████████████████████████▓▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒
      █▓ the mean, ▓▒ one standard deviation below and above it
      "
    `);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('adds nothing but colour where colour is wanted', () => {
    const painted = profileText(ALIGN, new Chalk({ level: 1 }));
    expect(painted).not.toBe(profileText(ALIGN, plain));
    expect(stripVTControlCharacters(painted)).toBe(profileText(ALIGN, plain));
  });

  it('says what is missing', () => {
    const short = profileText(storedProfile('a', [completed(1, 100)]), plain);
    expect(short).toContain('no curve yet: it takes three completed runs');
    const stoppedOnly = profileText(storedProfile('a', [stopped(1, 100)]), plain);
    expect(stoppedOnly).toContain('0 completed; 1 more stopped on the way up, at up to 100M');
    expect(stoppedOnly).not.toContain('PEAK');
  });

  it('obeys nothing in the name of a group', () => {
    expect(profileText(storedProfile('a\x1b[2J', RUNS), plain)).toContain('a\\x1b[2J');
  });

  it('as an object has everything that is stored', () => {
    expect(profileObject(ALIGN)).toMatchObject({
      group: 'align#0123abcd',
      estimates: { peak: { bytes: 300 * MiB }, avg: {} },
      forecast: { samples: 5 },
      profile: ALIGN.profile,
    });
  });
});

describe('a group', () => {
  const all = new Map(
    ['align#0123abcd', 'index#11111111', 'index#22222222', 'my group'].map((group) => [
      group,
      storedProfile(group, RUNS),
    ]),
  );
  it.each([
    ['align#0123abcd', 'align#0123abcd'],
    ['align', 'align#0123abcd'],
    ['align#01', 'align#0123abcd'],
    ['al', 'align#0123abcd'],
    ['index#2', 'index#22222222'],
    ['my group', 'my group'],
  ])('may be called %s', (name, group) => {
    expect(findGroup(name, all).group).toBe(group);
  });

  it.each([
    ['index', /"index" may mean 2 groups.*\n {2}index#11111111 {2}5 runs, last seen/],
    ['algin', /no group "algin"; the nearest is "align"/],
    ['', /no group ""/],
  ])('%s is none, or not one', (name, message) => {
    expect(() => findGroup(name, all)).toThrow(UsageError);
    expect(() => findGroup(name, all)).toThrow(message);
  });

  it('is none where there are no profiles', () => {
    expect(() => findGroup('a', new Map())).toThrow('there are no profiles yet');
  });
});
