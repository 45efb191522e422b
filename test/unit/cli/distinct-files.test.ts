import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requireDistinctFiles } from '../../../src/cli/distinct-files.js';
import { UsageError } from '../../../src/cli/errors.js';
import { tempDir } from '../../support/temp-dir.js';

const SAME = new UsageError('--events and --joblog name the same file, B; name two');

function check(one: string, other: string): void {
  requireDistinctFiles({ '--events': one, '--report': undefined, '--joblog': other });
}

/** A folder with a file, names of it, and names of one that is still to come. */
function folderWithLinks(): string {
  const folder = tempDir();
  writeFileSync(join(folder, 'file'), 'kept');
  linkSync(join(folder, 'file'), join(folder, 'hard'));
  symlinkSync('file', join(folder, 'soft'));
  symlinkSync('to-come', join(folder, 'ahead'));
  symlinkSync('ahead', join(folder, 'further-ahead'));
  mkdirSync(join(folder, 'below'));
  symlinkSync('below', join(folder, 'also-below'));
  symlinkSync('loop', join(folder, 'loop'));
  return folder;
}

describe('files of a run', () => {
  test.each([
    ['file', './file'],
    ['file', 'hard'],
    ['file', 'soft'],
    ['to-come', 'below/../to-come'],
    ['to-come', 'ahead'],
    ['to-come', 'further-ahead'],
    ['below/to-come', 'also-below/to-come'],
    ['missing/file', './missing/file'],
    ['loop', 'loop'],
  ])('%j and %j are one: refused, and nothing is touched', (one, other) => {
    const folder = folderWithLinks();
    const path = `${folder}/${other}`;
    expect(() => {
      check(`${folder}/${one}`, path);
    }).toThrow(new UsageError(SAME.message.replace('B', path)));
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('kept');
  });

  test.each([
    ['file', 'to-come'],
    ['ahead', 'soft'],
    ['below/to-come', 'to-come'],
  ])('%j and %j are two', (one, other) => {
    const folder = folderWithLinks();
    expect(() => {
      check(`${folder}/${one}`, `${folder}/${other}`);
    }).not.toThrow();
  });

  test('a device may be named twice', () => {
    expect(() => {
      check('/dev/null', '/dev/null');
    }).not.toThrow();
  });
});
