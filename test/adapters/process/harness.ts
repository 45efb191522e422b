import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSpawnLauncher } from '../../../src/adapters/process/spawn-launcher.js';
import type {
  LaunchEnd,
  LaunchOrder,
  LaunchSpec,
  Launcher,
} from '../../../src/supervisor/ports.js';
import type { Result } from '../../../src/util/result.js';
import { until } from '../../support/poll.js';
import { tempDir } from '../../support/temp-dir.js';

/** Everything of an order that a test may want to be different. */
export interface Wanted extends Partial<Omit<LaunchOrder, 'spec'>> {
  readonly argv?: readonly string[];
  readonly spec?: Partial<LaunchSpec>;
}

/** One launch and what came of it. */
export interface Launched {
  readonly result: Result<{ readonly pid: number }, string>;
  /** Every call of `onExit` so far. */
  readonly ends: readonly LaunchEnd[];
  /** Waits for the end. */
  end(): Promise<LaunchEnd>;
  stdout(): string;
  stderr(): string;
}

/** A launcher in a folder of its own. */
export interface Bench {
  readonly dir: string;
  launch(wanted: Wanted): Launched;
}

/** Makes a {@link Bench}; `environment` is what the supervisor itself is supposed to have. */
export function bench(environment?: NodeJS.ProcessEnv): Bench {
  const dir = tempDir();
  const statusDir = join(dir, 'status');
  mkdirSync(statusDir);
  const launcher: Launcher = createSpawnLauncher({
    statusDir,
    ...(environment === undefined ? {} : { environment }),
  });
  let count = 0;
  return {
    dir,
    launch(wanted) {
      count += 1;
      const ends: LaunchEnd[] = [];
      const order = orderOf(dir, count, wanted);
      const result = launcher.launch(order, (end) => ends.push(end));
      return {
        result,
        ends,
        end: () => until('the end of the task', () => ends[0], 20_000),
        stdout: () => readFileSync(order.stdoutPath, 'utf8'),
        stderr: () => readFileSync(order.stderrPath, 'utf8'),
      };
    },
  };
}

function orderOf(dir: string, count: number, { argv, spec, ...rest }: Wanted): LaunchOrder {
  return {
    task: 'job',
    attempt: count,
    entry: { env: {} },
    env: {},
    oomScoreAdj: 0,
    stdoutPath: join(dir, `${String(count)}.out`),
    stderrPath: join(dir, `${String(count)}.err`),
    ...rest,
    spec: { command: { kind: 'argv', argv: argv ?? ['true'] }, cwd: dir, env: {}, ...spec },
  };
}
