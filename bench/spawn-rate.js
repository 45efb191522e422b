// Spawn rate: 500 tasks of `true` through memsched (run and map), GNU parallel -j2 and xargs -P2, in turn, in one run.
// Prints tasks per second of each (median, and the spread) and memsched's ratios to the others, pair by pair.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TASKS = Number(process.env.BENCH_TASKS ?? 500);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);

const dir = mkdtempSync(join(tmpdir(), 'memsched-bench-'));
const memsched = new URL('../bin/memsched.js', import.meta.url).pathname;

/**
 * Ext4 without a journal gives no inode away again within a minute, and looks through all of those to find another: after a
 * build or tests have removed thousands of files, a new one takes ten times as long.
 */
async function untilFilesAreCheap() {
  for (let left = 5; msPerFile() > 0.1 && left > 0; left -= 1) {
    console.error('new files are dear, as many were removed lately: waits 20 seconds');
    await sleep(20_000);
  }
}

function msPerFile() {
  const folder = join(dir, 'files');
  mkdirSync(folder);
  const started = performance.now();
  for (let at = 0; at < 200; at += 1) writeFileSync(join(folder, `${at}`), '');
  const took = performance.now() - started;
  rmSync(folder, { recursive: true });
  return took / 200;
}

await untilFilesAreCheap();
const rows = Array.from({ length: TASKS }, (_, at) => at + 1);
const argvFile = join(dir, 'argv.yaml');
const shellFile = join(dir, 'shell.yaml');
const job = (run) =>
  `version: 1\njobs:\n  t:\n    matrix: { n: [${rows.join(', ')}] }\n    run: ${run}\n`;
writeFileSync(argvFile, job('["true"]'));
writeFileSync(shellFile, job('"true"'));
const lines = `${rows.join('\n')}\n`;

const contestants = {
  'memsched, argv': [process.execPath, [memsched, 'run', argvFile, '--quiet', '-j2']],
  'memsched, bash': [process.execPath, [memsched, 'run', shellFile, '--quiet', '-j2']],
  'memsched map': [process.execPath, [memsched, 'map', '--quiet', '-j2', '--', 'true']],
  'parallel -j2': ['parallel', ['-j2', 'true']],
  'xargs -P2': ['xargs', ['-P2', '-n1', 'true']],
};

function rate([command, args]) {
  const started = performance.now();
  const done = spawnSync(command, args, {
    input: lines,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, XDG_STATE_HOME: dir, HOME: dir },
  });
  if (done.error !== undefined) return undefined;
  if (done.status !== 0) throw new Error(`${command}: exit ${done.status}\n${done.stderr}`);
  return TASKS / ((performance.now() - started) / 1000);
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rates = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
spawnSync('parallel', ['--citation'], {
  input: 'will cite\n',
  stdio: ['pipe', 'ignore', 'ignore'],
  env: { ...process.env, HOME: dir },
});
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, contestant] of Object.entries(contestants)) {
    const value = rate(contestant);
    if (round > 0 && value !== undefined) rates[name].push(value); // round 0 warms up
  }
}
rmSync(dir, { recursive: true });

console.log(
  `${TASKS} tasks of "true", ${ROUNDS} rounds; Linux ${release()}, Node ${process.version}`,
);
for (const [name, values] of Object.entries(rates)) {
  if (values.length === 0) console.log(`${name.padEnd(16)} not installed`);
  else
    console.log(
      `${name.padEnd(16)} ${median(values).toFixed(0).padStart(5)} tasks/s  (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`,
    );
}
function printRatio(name, other) {
  const ratios = rates[name].flatMap((value, at) =>
    rates[other][at] ? [value / rates[other][at]] : [],
  );
  if (ratios.length > 0)
    console.log(
      `${name} / ${other}: ${median(ratios).toFixed(2)}  (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
    );
}

for (const name of ['memsched, argv', 'memsched, bash', 'memsched map'])
  printRatio(name, 'parallel -j2');
printRatio('memsched map', 'xargs -P2');
