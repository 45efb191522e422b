import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Chalk } from 'chalk';
import fc from 'fast-check';
import { exportProfiles, readImports } from '../../src/adapters/profiles/exchange.js';
import { parseProfiles, profilesText } from '../../src/adapters/profiles/format.js';
import { openFileStore } from '../../src/adapters/profiles/open-store.js';
import { ProfileError } from '../../src/adapters/profiles/profile-error.js';
import { troubleWords } from '../../src/adapters/profiles/profile-store.js';
import { forecastOf } from '../../src/core/learning/forecast.js';
import { mergeProfiles } from '../../src/core/learning/learn.js';
import { predictPeak } from '../../src/core/learning/predict.js';
import type { ProfileStrategy } from '../../src/core/learning/types.js';
import { profileObject, profilesTable, profileText } from '../../src/reporters/views/profile.js';
import { anyProfiles } from '../support/profiles.js';
import { byteEdit, edited, jsonEdit, lineEdit, tear, type Edit } from './mutations.js';
import { law, type Law } from './target.js';

const VERSION_1 = fileURLToPath(new URL('../../fixtures/profiles/version-1.json', import.meta.url));
/** On one line, where an edit of JSON finds all of it. */
const OLD = Buffer.from(JSON.stringify(JSON.parse(readFileSync(VERSION_1, 'utf8'))));
const STRATEGIES: readonly ProfileStrategy[] = ['avg', 'p50', 'p95', 'peak', 'expected-cost'];
const SCRAPS = ['"', '{', '}', '\n', ',', ':', '1e999', '-', 'null', '\0', '\u001b[2J', '[[[[['];
const COLOUR = new Chalk({ level: 0 });

const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: jsonEdit },
  { weight: 1, arbitrary: lineEdit },
  { weight: 2, arbitrary: byteEdit(SCRAPS) },
  { weight: 1, arbitrary: tear },
);

/** What is made of a profile when a run uses it. */
function checkUse(content: string): void {
  const parsed = parseProfiles(content);
  if (!parsed.ok) {
    assert.doesNotMatch(troubleWords({ path: 'p', flaw: parsed.error }), /undefined|\[object /);
    return;
  }
  for (const stored of parsed.value) {
    const { profile } = stored;
    for (const inputBytes of [undefined, 0, 100_000]) {
      const facts = inputBytes === undefined ? {} : { inputBytes };
      for (const strategy of STRATEGIES) {
        const peak = predictPeak(profile, strategy, facts);
        if (peak !== undefined) checkFinite([peak.bytes, peak.samples]);
      }
      const curve = forecastOf(profile, facts);
      if (curve !== undefined) checkFinite([...curve.meanBytes, ...curve.varianceBytes2]);
    }
    JSON.stringify([profileObject(stored), mergeProfiles(profile, profile)]);
    assert.doesNotMatch(profileText(stored, COLOUR), /[^\P{Cc}\n]|undefined|NaN|\[object /u);
  }
  assert.doesNotMatch(profilesTable(parsed.value), /[^\P{Cc}\n]|undefined|NaN|\[object /u);
  assert.deepEqual(parseProfiles(profilesText(parsed.value)), parsed);
}

function checkFinite(values: readonly number[]): void {
  for (const value of values) assert.ok(Number.isFinite(value) && value >= 0, `${value}`);
}

/** The law: a store with such a file in it is used or refused, and no byte of what cannot be read is lost. */
async function checkStore(content: Buffer): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'memsched-fuzz-'));
  try {
    const path = join(folder, 'profiles.json');
    writeFileSync(path, content);
    const warnings: string[] = [];
    const store = openFileStore(path, { warn: (sentence) => warnings.push(sentence) });
    const { troubles } = await store.read();
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    const isSound = parseProfiles(content.toString('utf8')).ok;
    assert.ok(isSound || kept.some((bytes) => bytes.equals(content)), 'the bytes are still there');
    assert.ok(!isSound || troubles.length === 0);
    refusedOr(() => {
      exportProfiles(path, readImports(path));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function refusedOr(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
  }
}

/** Files of profiles, whole, damaged, and of an older version. */
export const store: readonly Law[] = [
  law(
    'a damaged file of profiles is used with sense, or refused',
    500,
    [
      fc.oneof(
        fc.constant(OLD),
        anyProfiles.map((profiles) =>
          Buffer.from(JSON.stringify(JSON.parse(profilesText(profiles)))),
        ),
      ),
      fc.array(anyEdit, { maxLength: 4 }),
    ],
    (sample, edits) => {
      checkUse(edited(edits, sample).toString('utf8'));
    },
  ),
  law(
    'a store keeps what it cannot read',
    40,
    [fc.array(anyEdit, { minLength: 1, maxLength: 4 })],
    (edits) => checkStore(edited(edits, OLD)),
  ),
];
