import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProfiles, profilesText } from '../../src/adapters/profiles/format.js';
import { openFileStore } from '../../src/adapters/profiles/open-store.js';
import { storedProfile, anyProfiles } from '../support/profiles.js';
import { tempDir } from '../support/temp-dir.js';
import { completed } from '../unit/core/learning/samples.js';

describe('a file of profiles', () => {
  it('gives back what was written, whatever is in it', () => {
    fc.assert(
      fc.property(anyProfiles, (profiles) => {
        expect(parseProfiles(profilesText(profiles))).toEqual({ ok: true, value: profiles });
      }),
      { numRuns: 300 },
    );
  });

  it('with any bytes in it is an answer, never an exception', () => {
    fc.assert(
      fc.property(
        anyProfiles,
        fc.nat(),
        fc.uint8Array({ maxLength: 12 }),
        fc.nat({ max: 40 }),
        (profiles, seed, bytes, cut) => {
          const text = Buffer.from(profilesText(profiles));
          const at = seed % (text.length + 1);
          const damaged = Buffer.concat([text.subarray(0, at), bytes, text.subarray(at + cut)]);
          const parsed = parseProfiles(damaged.toString('utf8'));
          if (!parsed.ok) expect(['damaged', 'foreign', 'newer']).toContain(parsed.error.kind);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('that is damaged can be learned into all the same, and its bytes are kept', async () => {
    const dir = tempDir();
    let count = 0;
    const fresh = storedProfile('g', [completed(1, 100)]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const path = join(dir, `${(count += 1)}.json`);
        writeFileSync(path, bytes);
        const warnings: string[] = [];
        const store = openFileStore(path, { warn: (sentence) => warnings.push(sentence) });
        const isForeign = store.look().troubles.some(({ flaw }) => flaw.kind === 'foreign');
        const done = await store.update(new Set(['g']), () => new Map([['g', fresh]]));
        const asides = readdirSync(dir).filter((name) => name.startsWith(`${count}.json.corrupt-`));
        if (isForeign) {
          expect(done.ok).toBe(false);
          expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
          return;
        }
        expect(done.ok).toBe(true);
        expect(store.look()).toEqual({ profiles: new Map([['g', fresh]]), troubles: [] });
        expect(asides).toHaveLength(1);
        expect(new Uint8Array(readFileSync(join(dir, asides[0] ?? '')))).toEqual(bytes);
        expect(warnings.join()).toContain(asides[0]);
      }),
      { numRuns: 60 },
    );
  });
});
