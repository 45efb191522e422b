import { spawnSync } from 'node:child_process';
import { BenchError } from './programs.js';

/** What a command is given. */
export interface TimedOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/**
 * Runs a command to its end; returns the milliseconds that it took.
 *
 * @throws BenchError when it did not end with exit code 0, with what it printed.
 */
export function timed(argv: readonly string[], { cwd, env, input }: TimedOptions): number {
  const [program = '', ...rest] = argv;
  const startedMs = performance.now();
  const { status, error, stderr } = spawnSync(program, rest, {
    cwd,
    input: input ?? '',
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
    encoding: 'utf8',
  });
  const wallMs = performance.now() - startedMs;
  if (error !== undefined || status !== 0)
    throw new BenchError(
      `${argv.join(' ')}: ${error?.message ?? `exit ${status ?? 'by a signal'}`}\n${stderr}`,
    );
  return wallMs;
}
