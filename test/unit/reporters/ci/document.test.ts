import { describe, expect, test } from 'vitest';
import { emptyRunState } from '../../../../src/core/run-state.js';
import { PacedDocument, type Document } from '../../../../src/reporters/ci/document.js';

/** A document whose writes end when the test says so. */
function slowDocument(): Document & {
  readonly versions: string[];
  finish(error?: Error): Promise<void>;
} {
  const versions: string[] = [];
  let settle: ((error?: Error) => void) | undefined;
  return {
    versions,
    replace(pieces) {
      versions.push(pieces.join(''));
      return new Promise((resolve, reject) => {
        settle = (error) => {
          if (error === undefined) resolve();
          else reject(error);
        };
      });
    },
    async finish(error) {
      settle?.(error);
      for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    },
  };
}

function paced(document: Document, renderMs = 0, size = 1) {
  const troubles: unknown[] = [];
  let clockMs = 0;
  let version = 0;
  const target = new PacedDocument({
    document,
    render: () => {
      clockMs += renderMs;
      version += 1;
      return [String(version).padEnd(size)];
    },
    onTrouble: (error) => troubles.push(error),
    clock: () => clockMs,
  });
  return { target, troubles };
}

const STATE = emptyRunState();

describe('a document that is kept up to date', () => {
  test('is there from the first tick, and written again only after a change, a second later', async () => {
    const document = slowDocument();
    const { target } = paced(document);
    target.tick(STATE, 0);
    await document.finish();
    target.tick(STATE, 5_000);
    expect(document.versions).toEqual(['1']);
    target.touch();
    target.tick(STATE, 5_000);
    await document.finish();
    target.touch();
    target.tick(STATE, 5_999);
    expect(document.versions).toEqual(['1', '2']);
    target.tick(STATE, 6_000);
    expect(document.versions).toEqual(['1', '2', '3']);
  });

  test('is not written while a version is on its way, however long that takes', async () => {
    const document = slowDocument();
    const { target } = paced(document);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
      target.touch();
      target.tick(STATE, nowMs);
    }
    expect(document.versions).toEqual(['1']);
    await document.finish();
    target.tick(STATE, 60_000);
    expect(document.versions).toEqual(['1', '2']);
  });

  test.each([
    ['takes long to make', 100, 1, 5_000],
    ['is large', 0, 4 * 1024 * 1024, 4_000],
    ['takes very long to make, but not rarely', 60_000, 1, 10_000],
    ['is very large, but not rarely', 0, 64 * 1024 * 1024, 10_000],
  ])('comes less often when it %s', async (_, renderMs, size, gapMs) => {
    const document = slowDocument();
    const { target } = paced(document, renderMs, size);
    target.tick(STATE, 0);
    await document.finish();
    target.touch();
    target.tick(STATE, gapMs - 1);
    expect(document.versions).toHaveLength(1);
    target.tick(STATE, gapMs);
    expect(document.versions).toHaveLength(2);
  });

  test('its last version follows the one that is on its way', async () => {
    const document = slowDocument();
    const { target } = paced(document);
    target.tick(STATE, 0);
    const closed = target.close(STATE);
    expect(document.versions).toEqual(['1']);
    await document.finish();
    expect(document.versions).toEqual(['1', '2']);
    await document.finish();
    await closed;
  });

  test('trouble is told once, and a later version is tried all the same, also without a change', async () => {
    const document = slowDocument();
    const { target, troubles } = paced(document);
    const full = new Error('no space left');
    for (const nowMs of [0, 1_000]) {
      target.tick(STATE, nowMs);
      await document.finish(full);
    }
    expect(troubles).toEqual([full]);
    target.tick(STATE, 2_000);
    await document.finish();
    expect(document.versions).toEqual(['1', '2', '3']);
    target.tick(STATE, 9_000);
    expect(document.versions).toHaveLength(3);
  });
});
