import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { HelperLauncher } from '../../../src/adapters/process/helper-launcher.js';
import { findPerl } from '../../../src/adapters/process/perl.js';
import { createSpawnLauncher } from '../../../src/adapters/process/spawn-launcher.js';
import type { StartFault } from '../../../src/core/outcome.js';
import type {
  LaunchEnd,
  LaunchOrder,
  LaunchSpec,
  Launcher,
} from '../../../src/supervisor/ports.js';
import { present } from '../../../src/util/assert.js';
import { err, type Result } from '../../../src/util/result.js';
import { until } from '../../support/poll.js';
import { tempDir } from '../../support/temp-dir.js';

/** Everything of an order that a test may want to be different. */
export interface Wanted extends Partial<Omit<LaunchOrder, 'spec'>> {
  readonly argv?: readonly string[];
  readonly spec?: Partial<LaunchSpec>;
}

/** One launch and what came of it. */
export interface Launched {
  readonly result: Result<void, string>;
  /** The whole of why the order was not taken. */
  readonly fault: StartFault | undefined;
  /** What the listener was told so far, in order. */
  readonly news: readonly string[];
  /** Every end that was told so far. */
  readonly ends: readonly LaunchEnd[];
  /** The main process, once it has started. */
  pid(): Promise<number>;
  /** Waits for the end. */
  end(): Promise<LaunchEnd>;
  /** Waits for the sentence that says why it was not started, whether at once or late. */
  failure(): Promise<string>;
  /** What it has written so far; nothing while there is no such file. */
  stdout(): string;
  stderr(): string;
}

/** A launcher in a folder of its own. */
export interface Bench {
  readonly dir: string;
  readonly launcher: Launcher;
  /** The launch helper's process; undefined while there is none. */
  readonly helperPid: () => number | undefined;
  /** What the user was told. */
  readonly warnings: readonly string[];
  launch(wanted: Wanted): Launched;
}

/** Both ways to start tasks: what one does, the other does. */
export const LAUNCHERS = ['helper', 'in-process'] as const;

/** Makes a {@link Bench}; `environment` is what the supervisor itself is supposed to have. */
export function bench(kind: (typeof LAUNCHERS)[number], environment?: NodeJS.ProcessEnv): Bench {
  const dir = tempDir();
  const warnings: string[] = [];
  const own = environment === undefined ? {} : { environment };
  const inProcess = (): Launcher => {
    const statusDir = join(dir, 'status');
    mkdirSync(statusDir);
    return createSpawnLauncher({ statusDir, ...own });
  };
  const helped = (): HelperLauncher =>
    new HelperLauncher({
      ...own,
      perl: present(findPerl(), 'a perl for the helper'),
      fallBack: inProcess,
      warn: (sentence) => warnings.push(sentence),
    });
  const launcher = kind === 'helper' ? helped() : inProcess();
  onTestFinished(() => launcher.close());
  let count = 0;
  return {
    dir,
    launcher,
    helperPid: () => (launcher instanceof HelperLauncher ? launcher.helperPid : undefined),
    warnings,
    launch(wanted) {
      count += 1;
      return launchWith(launcher, orderOf(dir, count, wanted));
    },
  };
}

/** Hands an order to a launcher and listens. */
export function launchWith(launcher: Launcher, order: LaunchOrder): Launched {
  const ends: LaunchEnd[] = [];
  const news: string[] = [];
  let pid: number | undefined;
  const result = launcher.launch(order, {
    onStarted(started) {
      pid = started;
      news.push('started');
    },
    onEnd(end) {
      ends.push(end);
      news.push('ended');
    },
  });
  const end = (): Promise<LaunchEnd> => until('the end of the task', () => ends[0], 20_000);
  return {
    result: result.ok ? result : err(result.error.error),
    fault: result.ok ? undefined : result.error,
    news,
    ends,
    end,
    pid: () => until('the start of the task', () => pid, 20_000),
    failure: async () => {
      if (!result.ok) return result.error.error;
      const how = await end();
      return how.kind === 'could-not-start' ? how.fault.error : `it ended: ${JSON.stringify(how)}`;
    },
    stdout: () => written(order.stdoutPath),
    stderr: () => written(order.stderrPath),
  };
}

function written(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** An order that is like any other but for what is wanted. */
export function orderOf(dir: string, count: number, { argv, spec, ...rest }: Wanted): LaunchOrder {
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
