// Preloaded (node --import) it hides from one program what kernels before 5.14 and 5.19 do not have. A kernel file cannot
// be taken out of a cgroup that is yet to be made, so the place where it is missing is the program's own view of the files.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

const HIDDEN = /\/(?:cgroup\.kill|memory\.peak)$/;
const { openSync, existsSync } = fs;

function isHidden(path) {
  return typeof path === 'string' && HIDDEN.test(path);
}

fs.openSync = (path, ...rest) => {
  if (!isHidden(path)) return openSync(path, ...rest);
  const error = new Error(`ENOENT: no such file or directory, open '${path}'`);
  throw Object.assign(error, { code: 'ENOENT', errno: -2, syscall: 'open', path });
};
fs.existsSync = (path) => !isHidden(path) && existsSync(path);
os.release = () => '5.10.0';
syncBuiltinESMExports();
