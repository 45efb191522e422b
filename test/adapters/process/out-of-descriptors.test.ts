import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bench } from './harness.js';

const SPARE = 64;

function limitOpenFiles(soft: number, hard: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${String(soft)}:${hard}`]);
}

it('running out of descriptors at any step of a launch is a shortage, told in a sentence, and leaks none', async () => {
  const [, soft = '', hard = ''] =
    /^Max open files\s+(\d+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  const b = bench('in-process');
  await b.launch({}).end();
  const openBefore = readdirSync('/proc/self/fd').length;
  limitOpenFiles(Math.max(...readdirSync('/proc/self/fd').map(Number)) + SPARE, hard);
  const fillers: number[] = [];
  const outcomes: string[] = [];
  try {
    for (;;) fillers.push(openSync('/dev/null', 'r'));
  } catch (error) {
    expect(error).toMatchObject({ code: 'EMFILE' });
  }
  try {
    for (let free = 0; free <= 12; free += 1) {
      const launched = b.launch({});
      outcomes.push(launched.result.ok ? 'started' : launched.result.error);
      if (!launched.result.ok) expect(launched.fault?.isShortage).toBe(true);
      if (launched.result.ok) await launched.end();
      const filler = fillers.pop();
      if (filler !== undefined) closeSync(filler);
    }
  } finally {
    for (const fd of fillers) closeSync(fd);
    limitOpenFiles(Number(soft), hard);
  }
  const failures = outcomes.filter((outcome) => outcome !== 'started');
  expect(failures.length).toBeGreaterThan(1);
  for (const failure of failures) expect(failure).toMatch(/too many open files.*\(EMFILE\)/);
  expect(failures.some((failure) => failure.startsWith('cannot write the task'))).toBe(true);
  expect(failures.some((failure) => failure.startsWith('cannot start a process'))).toBe(true);
  expect(outcomes.at(-1)).toBe('started');
  expect(readdirSync('/proc/self/fd').length).toBe(openBefore);
});
