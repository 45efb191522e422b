import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMaskReporter, OutputMasks } from '../../../src/reporters/output-masks.js';
import { outputTails } from '../../../src/reporters/output-tail.js';
import { logsIn } from '../../support/journals.js';
import { failing, madeRun } from '../../support/made-run.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import { tempDir } from '../../support/temp-dir.js';

/** Logs in which task `a` has written this. */
function logsOf(stdout: string, stderr = '') {
  const folder = tempDir();
  writeFileSync(join(folder, 'a.1.out'), stdout);
  writeFileSync(join(folder, 'a.1.err'), stderr);
  return logsIn(folder);
}

function quoted(stdout: string, stderr = ''): string {
  const tails = outputTails(logsOf(stdout, stderr), 'a', 1, 200);
  return tails.flatMap(({ lines }) => lines).join('\n');
}

describe('what a task asks to mask', () => {
  test('is not seen where its output is quoted, on either stream', () => {
    expect(quoted('::add-mask::sesame\nopen sesame!\n', 'sesame again\n')).toBe(
      '::add-mask::***\nopen ***!\n*** again',
    );
  });

  test.each([
    ['behind blanks', '  ::add-mask::sesame\nsesame', '***'],
    ['in the old form', 'x ##[add-mask]sesame\nsesame', '***'],
    ['with escapes', '::add-mask::50%25%0Aopen%0Dsesame\n50%\nsesame', '***\n***'],
    ['the longest first', '::add-mask::ab\n::add-mask::abc\nabcab', '******'],
    ['with what a pattern would mean', '::add-mask::a.*$&(\na.*$&( abc', '*** abc'],
    ['twice in a row', '::add-mask::x\nxxx', '*********'],
  ])('%s', (_, output, end) => {
    expect(quoted(output).endsWith(`\n${end}`)).toBe(true);
  });

  test.each(['::add-mask::', '::add-mask::  ', 'say ::add-mask::sesame'])(
    'nothing by %j',
    (line) => {
      expect(quoted(`${line}\nsesame and more`)).toBe(`${line}\nsesame and more`);
    },
  );

  test('holds however long ago it was said, and where a line is cut', () => {
    const secret = 's'.repeat(50);
    const noise = `${'x'.repeat(99)}\n`.repeat(1000);
    expect(quoted(`::add-mask::${secret}\n${noise}${secret}\n`)).not.toContain('sss');
    // The part of the log that is read begins within the secret, on a line without an end.
    expect(quoted(`::add-mask::${secret}\n${secret}${'y'.repeat(16 * 1024 - 25)}`)).not.toContain(
      's',
    );
  });

  test('holds for all tasks of a run that learns from every attempt', () => {
    const folder = tempDir();
    const logs = { ...logsIn(folder), masks: new OutputMasks() };
    for (const [task, text] of [
      ['tells', '::add-mask::sesame\n'],
      ['fails', 'sesame\n'],
    ] as const) {
      writeFileSync(join(folder, `${task}.1.out`), text);
    }
    const reporter = createMaskReporter(logs);
    for (const event of madeRun([failing('tells')])) reporter.event(event, emptyRunState());
    expect(outputTails(logs, 'fails', 1, 9)[0]?.lines).toEqual(['***']);
  });

  test('is learned of logs that are missing, a folder or a pipe without any harm', () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'a.1.out'), { recursive: true });
    const masks = new OutputMasks();
    masks.learn(logsIn(folder), 'a', 1);
    masks.learn(logsIn(folder), 'b', 1);
    expect(masks.applyTo('as it is')).toBe('as it is');
  });
});
