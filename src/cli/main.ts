import { EXIT } from './exit-codes.js';
import { runProgram } from './program.js';

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
