import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JOBLOG_HEADER } from '../../../src/adapters/map/joblog.js';
import { openRunFiles } from '../../../src/cli/run-files.js';
import { tempDir } from '../../support/temp-dir.js';

/** For tests in which there is nothing to warn of. */
const warn = (sentence: string): never => {
  throw new Error(sentence);
};

const LINE = '1\t:\t1795630962.016\t     0.003\t0\t0\t0\t0\ttrue\n';

/** Opens a joblog that goes on behind `content`, and writes a line. @returns what is there then. */
function goOn(content: string): string {
  const path = join(tempDir(), 'joblog');
  writeFileSync(path, content);
  try {
    const { joblog } = openRunFiles({ events: undefined, joblog: { path, append: true } }, warn);
    joblog?.write(LINE);
    joblog?.close();
  } catch (error) {
    return `${(error as Error).message.replace(path, 'FILE')}; ${readFileSync(path, 'utf8')}`;
  }
  return readFileSync(path, 'utf8');
}

describe('a joblog that goes on', () => {
  it.each([
    ['whole', JOBLOG_HEADER + LINE, JOBLOG_HEADER + LINE + LINE],
    ['empty', '', JOBLOG_HEADER + LINE],
    ['cut off within a line', JOBLOG_HEADER + LINE + LINE.slice(0, 9), JOBLOG_HEADER + LINE + LINE],
    ['cut off within a very long line', JOBLOG_HEADER + 'x'.repeat(200_000), JOBLOG_HEADER + LINE],
    ['cut off within its header', JOBLOG_HEADER.slice(0, 9), JOBLOG_HEADER + LINE],
  ])('%s has whole lines alone', (_, before, after) => {
    expect(goOn(before)).toBe(after);
  });

  it('is left as it is when it is something else', () => {
    expect(goOn('a letter')).toMatch(
      /^--joblog FILE cannot be written: it is no joblog .*; a letter$/,
    );
  });
});

describe('a joblog that cannot be written', () => {
  it('is told of before anything runs', () => {
    const open = () =>
      openRunFiles({ events: undefined, joblog: { path: '/dev/full', append: false } }, warn);
    expect(open).toThrow('--joblog /dev/full cannot be written: ');
  });
});
