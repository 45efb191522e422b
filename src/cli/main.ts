import { EXIT } from './exit-codes.js';
import { runProgram } from './program.js';

// Who closes stderr wants to hear nothing, and there is nowhere else to complain. What becomes of stdout, `print.ts` and
// the reporters see to.
process.stderr.on('error', () => undefined);

// No top-level await: the commands are loaded later, and the bundle lets them import from the file that this is in. Each
// would wait for the other for ever.
void runProgram(process.argv).then((exitCode) => {
  process.exitCode = exitCode;
});

// Nothing is left to do or to write. Left to itself, node would give every signal its deadly default back and only then
// take itself down, for some milliseconds in which a signal would still change how this process ended.
process.once('beforeExit', () => {
  process.exit(process.exitCode ?? EXIT.internal);
});
