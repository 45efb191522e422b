import { expect, test } from 'vitest';
import { scriptWordAt } from '../../../src/adapters/map/shell-command.js';

test.each([
  ['sh -c SCRIPT x', 2],
  ['/bin/bash -euo pipefail -c SCRIPT', 4],
  ['bash -c -e SCRIPT', 3],
  ['bash -ceo pipefail SCRIPT', 3],
  ['bash --norc -c SCRIPT', 3],
  ['bash +x -c -- SCRIPT', 4],
  ['sh -c', 2],
  ['sh script.sh -c x', undefined],
  ['sh -e script.sh', undefined],
  ['grep -c x', undefined],
  ['sh', undefined],
])('%s: the script is word %s', (words, at) => {
  expect(scriptWordAt(words.split(' '))).toBe(at);
});
