import type { Output } from './output.js';
import type { Reporter } from './reporter.js';
import { printableJson } from '../util/printable.js';

/** `--json`: every event as it is in the journal, one object a line, `run-started` first and `run-ended` last. */
export function createJsonReporter(out: Output): Reporter {
  return {
    event: (event) => {
      out.write(`${printableJson(event)}\n`);
    },
    close: () => out.flush(),
  };
}
