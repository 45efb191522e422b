// sum-tests.js FOLDER PART... - sums up vitest's JSON results, one FOLDER/PART.json for each part of the tests.
// First come the tests that failed, with the beginning of what they said; the last line is "N passed, N failed".
// A part without results, or in which no test ran, is a failure.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureLines, failuresOf } from './failed-tests.js';

const [folder = '.', ...parts] = process.argv.slice(2);

function countPart(part) {
  const path = join(folder, `${part}.json`);
  if (!existsSync(path))
    return { passed: 0, failed: 1, leftOut: 0, note: 'no results', failures: [] };
  const results = JSON.parse(readFileSync(path, 'utf8'));
  const passed = results.numPassedTests;
  const leftOut = results.numPendingTests + results.numTodoTests;
  // A file that could not be loaded has failed without a failed test.
  const unloaded = results.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = results.numFailedTests + unloaded;
  const failures = failuresOf(part, results);
  if (passed + failed === 0) return { passed, failed: 1, leftOut, note: 'no test ran', failures };
  const note = unloaded > 0 ? `${unloaded} files not loaded` : '';
  return { passed, failed, leftOut, note, failures };
}

let passed = 0;
let failed = 0;
const counts = parts.map((part) => ({ part, ...countPart(part) }));
for (const line of failureLines(counts.flatMap(({ failures }) => failures))) console.log(line);
for (const count of counts) {
  passed += count.passed;
  failed += count.failed;
  const leftOut = count.leftOut > 0 ? `, ${count.leftOut} left out` : '';
  const note = count.note === '' ? '' : ` (${count.note})`;
  console.log(`${count.part}: ${count.passed} passed, ${count.failed} failed${leftOut}${note}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
