import type { RunState } from '../core/run-state.js';
import { describeError } from '../util/system-error.js';
import type { Reporter } from './reporter.js';

/**
 * A reporter that cannot fail the run: the first error it throws is told once, and it is left out from then on, but for
 * `close`, which still gets its chance to leave the terminal clean.
 *
 * @param name - what to call it in the message.
 * @param tell - takes a sentence for the user; usually it goes to stderr.
 */
export function guarded(reporter: Reporter, name: string, tell: (line: string) => void): Reporter {
  let failed = false;
  const drop = (error: unknown): void => {
    if (!failed)
      tell(`the ${name} reporter failed and is left out from here on: ${describeError(error)}`);
    failed = true;
  };
  const attempt = (act: () => void): void => {
    if (failed) return;
    try {
      act();
    } catch (error) {
      drop(error);
    }
  };
  const { tickEveryMs } = reporter;
  return {
    event: (event, state) => {
      attempt(() => {
        reporter.event(event, state);
      });
    },
    ...(reporter.tick !== undefined && {
      tick: (state: RunState, nowMs: number): void => {
        attempt(() => {
          reporter.tick?.(state, nowMs);
        });
      },
    }),
    ...(tickEveryMs !== undefined && { tickEveryMs }),
    close: async (state) => {
      try {
        await reporter.close(state);
      } catch (error) {
        drop(error);
      }
    },
  };
}
