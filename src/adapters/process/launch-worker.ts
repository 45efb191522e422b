import { parentPort, workerData } from 'node:worker_threads';
import { present } from '../../util/assert.js';
import { createExecaLauncher, type ExecaLauncherOptions } from './execa-launcher.js';
import { serveLaunches } from './launch-service.js';

// The entry of the thread that worker-launcher.ts starts.
serveLaunches(
  present(parentPort ?? undefined, 'this module runs in a worker thread'),
  createExecaLauncher(workerData as ExecaLauncherOptions),
);
