import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { parseCgroupEvents } from '../../src/adapters/host/cgroup-events.js';
import { parseCpuMax } from '../../src/adapters/host/cpu-max.js';
import { keyedNumber, singleNumber } from '../../src/adapters/host/flat-keyed.js';
import { parseMeminfo } from '../../src/adapters/host/meminfo.js';
import { parseMemoryEvents } from '../../src/adapters/host/memory-events.js';
import { parseMemoryStat, workingSetBytes } from '../../src/adapters/host/memory-stat.js';
import { parseMemoryStatV1 } from '../../src/adapters/host/memory-v1.js';
import { cgroupDirectory, parseCgroupMounts } from '../../src/adapters/host/mountinfo.js';
import { parseAverages, parsePressure } from '../../src/adapters/host/pressure.js';
import { parseProcCgroup } from '../../src/adapters/host/proc-cgroup.js';
import { parseProcStat } from '../../src/adapters/host/proc-stat.js';
import { parseUser } from '../../src/adapters/host/proc-status.js';
import { parseSmapsRollup, parseStatm } from '../../src/adapters/host/process-maps.js';
import { parseLimits } from '../../src/adapters/host/rlimits.js';
import { parseVmstat } from '../../src/adapters/host/vmstat.js';
import { byteEdit, edited, lineEdit, tear } from './mutations.js';
import { law, type Law } from './target.js';

const FOLDER = fileURLToPath(new URL('../../fixtures/cgroupfs/', import.meta.url));
const SCRAPS = [' ', '\n', '-1', '0x10', 'max', '1e99', 'NaN', '∞', ')', '(', ':', ' - ', '\\040'];
const PAGE_BYTES = 4096;

const samples = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== 'README.md')
  .map((entry) => readFileSync(join(entry.parentPath, entry.name)));

/** Every number in a value, however deep, is one that can be reckoned with. */
function checkNumbers(value: unknown): void {
  if (typeof value === 'number') assert.ok(value >= 0 && Number.isFinite(value), `${value}`);
  else if (value instanceof Map) for (const entry of value) checkNumbers(entry);
  else if (typeof value === 'object' && value !== null)
    for (const below of Object.values(value)) checkNumbers(below);
}

/** The law: any text is read, as nothing or as numbers that can be reckoned with. */
function check(content: Buffer): void {
  const text = content.toString('utf8');
  const stat = parseMemoryStat(text);
  checkNumbers([
    stat,
    parseCgroupEvents(text),
    parseCpuMax(text),
    singleNumber(text),
    keyedNumber(text, 'anon'),
    parseMeminfo(text),
    parseMemoryEvents(text),
    parseMemoryStatV1(text),
    parsePressure(text),
    parseAverages(text),
    parseUser(text),
    parseSmapsRollup(text),
    parseStatm(text, PAGE_BYTES),
    parseLimits(text),
    parseVmstat(text),
  ]);
  for (const bytes of [0, 1, 2 ** 40]) {
    const used = workingSetBytes(bytes, stat);
    assert.ok(used >= 0 && used <= bytes, `${used} of ${bytes}`);
  }
  const { v2Path = '/' } = parseProcCgroup(text);
  for (const mount of parseCgroupMounts(text)) {
    const directory = cgroupDirectory(mount, v2Path);
    assert.ok(directory === undefined || directory.startsWith(mount.mountPoint));
  }
}

const number = fc.nat({ max: 2 ** 31 });

/** The law: whatever a process calls itself, what stands behind its name is read right. */
function checkStat(comm: string, pid: number, fields: readonly number[]): void {
  const [parentPid = 0, processGroup = 0, session = 0, ...rest] = fields;
  const text = `${pid} (${comm}) S ${parentPid} ${processGroup} ${session} ${rest.join(' ')}\n`;
  assert.deepEqual(parseProcStat(text), {
    pid,
    state: 'S',
    parentPid,
    processGroup,
    session,
    cpuTicks: (fields[10] ?? NaN) + (fields[11] ?? NaN),
    startTicks: fields[18] ?? NaN,
  });
}

/** Files of the kernel, whole and damaged. */
export const kernel: readonly Law[] = [
  law(
    'any text of a kernel file gives numbers that can be reckoned with, or none',
    1500,
    [
      fc.constantFrom(...samples),
      fc.array(fc.oneof(byteEdit(SCRAPS), lineEdit, tear), { maxLength: 6 }),
    ],
    (sample, edits) => {
      check(edited(edits, sample));
    },
  ),
  law('so do any bytes', 500, [fc.uint8Array({ maxLength: 200 })], (bytes) => {
    check(Buffer.from(bytes));
  }),
  law(
    'a process may call itself what it likes',
    500,
    [
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 15 }),
        fc.constantFrom(') R 1 1 1', '(', ')))', 'a) S 1 (b', '\n', '\nUid:\t0\t0'),
      ),
      number,
      fc.array(number, { minLength: 40, maxLength: 49 }),
    ],
    checkStat,
  ),
];
