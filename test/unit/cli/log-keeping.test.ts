import { describe, expect, test } from 'vitest';
import { keeperOf, type LogKeepingOrder } from '../../../src/cli/log-keeping.js';
import { GiB, KiB } from '../../../src/util/bytes.js';
import { plainConfig } from '../../sim/specs.js';

const PATHS = { pathsFor: () => ({ stdoutPath: '/nowhere/out', stderrPath: '/nowhere/err' }) };
const ASKED = [{ option: '--max-log 1G', path: ['max_log'], value: '1G' }];

/** Whether logs are kept to a size, and what is said. */
function keeping(
  face: LogKeepingOrder['face'],
  output: LogKeepingOrder['options']['output'],
  maxLogBytes: number | undefined,
  overrides: LogKeepingOrder['options']['overrides'] = [],
): readonly unknown[] {
  const said: string[] = [];
  const config = plainConfig(maxLogBytes === undefined ? {} : { maxLogBytes });
  const order = { loaded: { plan: { config } }, options: { output, overrides }, face };
  const keeper = keeperOf(order, PATHS, (sentence) => said.push(sentence));
  return [keeper !== undefined, ...said];
}

describe('max_log', () => {
  test('is kept to where logs are what output is read from', () => {
    expect(keeping('run', undefined, 64 * KiB)).toEqual([true]);
    expect(keeping('map', 'none', 64 * KiB)).toEqual([true]);
  });

  test('is not where output is passed on, and that is said to whoever asked for it', () => {
    const passedOn = [
      false,
      'max_log (64K) is not kept to: output is passed on from the logs, and nothing of it may be left out; with --output none it is kept to',
    ];
    expect(keeping('run', 'group', 64 * KiB)).toEqual(passedOn);
    expect(keeping('map', undefined, 64 * KiB)).toEqual(passedOn);
    expect(keeping('exec', undefined, 64 * KiB)).toEqual([
      false,
      "max_log (64K) is not kept to: the command of exec writes to memsched's own streams, and has no log",
    ]);
    expect(keeping('map', 'tag', GiB, ASKED)).toHaveLength(2);
  });

  test('that nobody asked for, or that is none, is not worth a word', () => {
    expect(keeping('map', undefined, GiB)).toEqual([false]);
    expect(keeping('run', 'stream', undefined)).toEqual([false]);
    expect(keeping('run', undefined, undefined)).toEqual([false]);
  });
});
