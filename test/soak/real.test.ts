import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MEMSCHED } from '../support/cli.js';
import { helperOf } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

/** Minutes for which tasks are started, as fast as they end. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 20);
const LOOK_EVERY_MS = 1000;
/** Lines on their way: memsched wants 512 waiting, and those that still are when the time is over are all run. */
const AHEAD_MAX = 1024;
/** Nothing is said of the first quarter, in which heap and profiles fill. */
const WARM_UP = 0.25;
/** What the last quarter may have more than the second: the garbage of a moment, not a course. */
const MAY_GROW_BY = 1.1;
const MAY_GROW_KIB = 4096;

interface Look {
  readonly rssKib: number;
  readonly descriptors: number;
  readonly helperRssKib: number;
  readonly helperDescriptors: number;
}

test(`${MINUTES} minutes of short tasks: neither memory nor descriptors grow`, async () => {
  const stateHome = tempDir();
  const cwd = tempDir();
  // One in ten keeps 8 MiB for a while, one in fifty fails; the output passes through.
  const script =
    'n=$1; [ $((n % 10)) != 0 ] || { head -c 8M /dev/zero | tail -c 1 > /dev/null; sleep 0.2; }; echo "$n"; [ $((n % 50)) != 0 ]';
  const child = spawn(
    process.execPath,
    [MEMSCHED, 'map', '-j', '4', '--no-profile', '--', 'sh', '-c', script, 'sh', '{}'],
    { cwd, env: { ...process.env, XDG_STATE_HOME: stateHome }, stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let lines = 0;
  child.stdout.on('data', (piece: Buffer) => {
    for (const byte of piece) if (byte === 0x0a) lines += 1;
  });
  const looks: Look[] = [];
  const endMs = performance.now() + MINUTES * 60_000;
  const timer = setInterval(() => {
    const look = child.pid === undefined ? undefined : lookAt(child.pid);
    if (look !== undefined) looks.push(look);
  }, LOOK_EVERY_MS);
  const isOver = (): boolean => performance.now() >= endMs || child.exitCode !== null;
  for (let n = 1; !isOver(); n += 1) {
    child.stdin.write(`${n}\n`);
    while (n - lines >= AHEAD_MAX && !isOver())
      await Promise.race([once(child.stdout, 'data'), ended]);
  }
  clearInterval(timer);
  child.stdin.end();
  // One in fifty has failed.
  expect(await ended).toBe(1);

  const course = looks.slice(Math.floor(looks.length * WARM_UP));
  const third = Math.floor(course.length / 3);
  const [first, last] = [course.slice(0, third), course.slice(-third)];
  console.log(`${MINUTES} minutes: ${lines} tasks; ${told(first)} -> ${told(last)}`);
  expect(lines).toBeGreaterThan(MINUTES * 60);
  for (const key of ['rssKib', 'helperRssKib'] as const)
    expect(median(last, key), key).toBeLessThan(median(first, key) * MAY_GROW_BY + MAY_GROW_KIB);
  for (const key of ['descriptors', 'helperDescriptors'] as const)
    expect(median(last, key), key).toBeLessThanOrEqual(median(first, key) + 2);
});

/** Undefined while one of the two is not there. */
function lookAt(pid: number): Look | undefined {
  const helper = helperOf(pid);
  if (helper === undefined) return undefined;
  try {
    return {
      rssKib: rssKib(pid),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      helperRssKib: rssKib(helper),
      helperDescriptors: readdirSync(`/proc/${helper}/fd`).length,
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function rssKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function median(looks: readonly Look[], key: keyof Look): number {
  const sorted = looks.map((look) => look[key]).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function told(looks: readonly Look[]): string {
  const mib = (median(looks, 'rssKib') / 1024).toFixed(1);
  return `${mib} MiB and ${median(looks, 'descriptors')} descriptors, helper ${(median(looks, 'helperRssKib') / 1024).toFixed(1)} MiB and ${median(looks, 'helperDescriptors')}`;
}
