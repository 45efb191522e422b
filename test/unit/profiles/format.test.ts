import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProfiles, profilesText } from '../../../src/adapters/profiles/format.js';
import { PROFILE_VERSION } from '../../../src/core/learning/profile.js';
import { MiB } from '../../../src/util/bytes.js';
import { storedProfile } from '../../support/profiles.js';
import { completed, stopped } from '../core/learning/samples.js';

const CURVE = Array.from({ length: 16 }, (_, bin) => bin * MiB);
const PROFILE = storedProfile('align#0123abcd', [
  completed(1, 100, { curve: CURVE, inputBytes: 7, task: 2 ** 32 - 1 }),
  completed(2, 120),
  stopped(3, 150),
]);
const TEXT = profilesText([PROFILE]);

/** The text with one thing in it changed. */
function edited(change: (file: ReturnType<typeof shape>) => unknown): string {
  const file = shape();
  change(file);
  return JSON.stringify(file);
}

function shape() {
  return JSON.parse(TEXT) as {
    format: unknown;
    version: unknown;
    groups: {
      group: unknown;
      profile: Record<string, unknown> & {
        runs: Record<string, unknown>[];
        peaks: Record<string, unknown>;
      };
    }[];
  };
}

const flawOf = (text: string) => {
  const parsed = parseProfiles(text);
  return parsed.ok ? 'none' : parsed.error.kind;
};

describe('a file of profiles', () => {
  it('gives back what was written, a group a line', () => {
    expect(parseProfiles(TEXT)).toEqual({ ok: true, value: [PROFILE] });
    expect(TEXT.split('\n')).toHaveLength(4);
  });

  it('that is empty holds none', () => {
    expect(parseProfiles('')).toEqual({ ok: true, value: [] });
  });

  it.each([
    ['cut short', TEXT.slice(0, -20)],
    ['no JSON', 'version: 1\njobs: {}\n'],
    ['NUL characters', '\0'.repeat(100)],
    ['a number as the group', edited((file) => (file.groups[0]!.group = 3))],
    ['the same group twice', edited((file) => file.groups.push(file.groups[0]!))],
    ['groups that are none', edited((file) => Object.assign(file, { groups: 'nope' }))],
    ['a negative peak', edited((file) => (file.groups[0]!.profile.runs[0]!['peakBytes'] = -1))],
    ['half a byte', edited((file) => (file.groups[0]!.profile.runs[0]!['peakBytes'] = 0.5))],
    [
      'a run that took no time',
      edited((file) => (file.groups[0]!.profile.runs[0]!['durationMs'] = 0)),
    ],
    [
      'a run of the year 20000',
      edited((file) => (file.groups[0]!.profile.runs[0]!['endedAtMs'] = 1e15)),
    ],
    ['an unknown tier', edited((file) => (file.groups[0]!.profile.runs[0]!['tier'] = 'cloud'))],
    [
      'a curve of 15 parts',
      edited((file) => (file.groups[0]!.profile.runs[0]!['curve'] = CURVE.slice(1))),
    ],
    ['runs out of order', edited((file) => file.groups[0]!.profile.runs.reverse())],
    [
      'more runs than are kept',
      edited(
        (file) =>
          (file.groups[0]!.profile.runs = Array<Record<string, unknown>>(201).fill(
            file.groups[0]!.profile.runs[0]!,
          )),
      ),
    ],
    ['a number that is none', TEXT.replace('"peakBytes":104857600', '"peakBytes":1e999')],
  ])('with %s is damaged', (_, text) => {
    expect(flawOf(text)).toBe('damaged');
  });

  it.each([
    ['another file of JSON', '{"name":"memsched","version":"0.1.0"}'],
    ['a list', '[]'],
    ['no version', edited((file) => delete (file as { version?: unknown }).version)],
    ['version 0', edited((file) => (file.version = 0))],
  ])('it is not: %s', (_, text) => {
    expect(flawOf(text)).toBe('foreign');
  });

  it('of a newer version is known as that, whatever else is in it', () => {
    const text = edited((file) => {
      file.version = PROFILE_VERSION + 1;
      Object.assign(file, { groups: 'in another way' });
    });
    expect(parseProfiles(text)).toEqual({
      ok: false,
      error: { kind: 'newer', version: PROFILE_VERSION + 1 },
    });
  });

  it.each([
    ['is missing', edited((file) => delete (file.groups[0]!.profile as { peaks?: unknown }).peaks)],
    [
      'is of another shape',
      edited(
        (file) =>
          (file.groups[0]!.profile.peaks['buckets'] = [
            [5, 1],
            [4, 1],
          ]),
      ),
    ],
    ['is not known here', edited((file) => (file.groups[0]!.profile['news'] = 1))],
  ])('is made anew from its runs where something that follows from them %s', (_, text) => {
    expect(parseProfiles(text)).toEqual({ ok: true, value: [PROFILE] });
  });
});

describe('an old file', () => {
  it('of version 1 is still read, with every run', () => {
    const text = readFileSync(
      new URL('../../../fixtures/profiles/version-1.json', import.meta.url),
      'utf8',
    );
    const parsed = parseProfiles(text);
    const [align, mine] = parsed.ok ? parsed.value : [];
    expect(align).toMatchObject({
      group: 'align#3f9c12ab',
      label: 'align',
      profile: { learned: 5 },
    });
    expect(align?.profile.runs.map(({ peakBytes }) => peakBytes / MiB)).toEqual([
      100, 120, 110, 180, 130,
    ]);
    expect(align?.profile.runs[0]?.curve).toHaveLength(16);
    expect(mine?.profile.runs).toMatchObject([{ peakBytes: 900 * MiB, tier: 'procfs' }]);
    expect(mine?.profile.bounds).toMatchObject([{ peakBytes: 2000 * MiB, inputBytes: 5 }]);
  });
});
