// The failed tests of vitest's JSON results, with the first lines of what they said: at the end of a run's output, where
// a CI system that keeps only the end still shows them.
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** So many are shown of all parts together; the rest are counted. */
const TESTS_AT_MOST = 20;
/** So many lines of a test's message, each so long: a deep comparison may print thousands. */
const LINES_AT_MOST = 12;
const CHARACTERS_AT_MOST = 300;

/** The failures of one part's results as `{ part, file, name, message }`; a file that could not be loaded is one. */
export function failuresOf(part, results) {
  return results.testResults.flatMap((result) => {
    const file = relative(process.cwd(), result.name);
    const tests = result.assertionResults.filter(({ status }) => status === 'failed');
    if (result.status === 'failed' && tests.length === 0)
      return [{ part, file, name: 'could not be loaded', message: result.message ?? '' }];
    return tests.map(({ fullName, failureMessages }) => ({
      part,
      file,
      name: fullName,
      message: (failureMessages ?? []).join('\n'),
    }));
  });
}

/** Lines that name these failures; none when there are none. */
export function failureLines(failures) {
  const shown = failures.slice(0, TESTS_AT_MOST);
  const left = failures.length - shown.length;
  return [
    ...shown.flatMap(({ part, file, name, message }) => [
      `FAILED ${part}: ${file} > ${name}`,
      ...messageLines(message),
    ]),
    ...(left > 0 ? [`FAILED and not shown: ${left} more`] : []),
  ];
}

function messageLines(message) {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const left = lines.length - LINES_AT_MOST;
  return [
    ...lines.slice(0, LINES_AT_MOST).map((line) => `    ${line.slice(0, CHARACTERS_AT_MOST)}`),
    ...(left > 0 ? [`    … ${left} more lines`] : []),
  ];
}
