import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError, ROOT } from './programs.js';

/** How a guest is started. */
export interface GuestOptions {
  readonly memoryMib: number;
  readonly seconds: number;
  /** What is run in it, from the checkout. */
  readonly argv: readonly string[];
  /** Folder that the guest sees as /vmout. */
  readonly out: string;
  readonly tell: (line: string) => void;
}

/**
 * Without `rep stosb` the kernel clears pages with instructions that an emulated processor runs four times as fast: what
 * is measured is to be memory over time, and not how fast it can be touched. With KVM it makes no difference to speak of.
 */
const KERNEL_ARGUMENTS = 'clearcpuid=erms,fsrm';

/**
 * Runs a command in a throw-away guest (test/vm/guest/boot.sh), telling each line that it prints.
 *
 * @returns what it left in /vmout under a name, as JSON.
 * @throws BenchError when it failed, with the last lines it printed, or left nothing.
 */
export async function fromGuest<T>(options: GuestOptions, left: string): Promise<T> {
  const { memoryMib, seconds, argv, out, tell } = options;
  mkdirSync(out, { recursive: true });
  const child = spawn(
    `${ROOT}test/vm/guest/boot.sh`,
    [
      ...['-m', String(memoryMib), '-t', String(seconds), '-o', out, '-a', KERNEL_ARGUMENTS],
      ...['--', ...argv],
    ],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const last: string[] = [];
  const hear = (text: Buffer): void => {
    for (const line of text.toString().split('\n').filter(Boolean)) {
      last.push(line);
      if (last.length > 20) last.shift();
      tell(line);
    }
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0)
    throw new BenchError(`the guest ended with ${status ?? 'a signal'}\n${last.join('\n')}`);
  const path = join(out, left);
  if (!existsSync(path)) throw new BenchError(`the guest left no ${left}`);
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
