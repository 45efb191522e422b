import { unreachable } from '../../util/assert.js';
import type { AttemptEnded, RunStarted } from '../events.js';
import type { Verdict } from '../outcome.js';
import type { RunSample } from './types.js';

/** How an attempt's signal speaks when someone wanted it gone; others are how a program crashes. */
const ASKED_TO_END: readonly string[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

/**
 * What an attempt shows of its group: all of it when it succeeded, a lower bound when it was stopped on its way.
 *
 * @returns undefined when it shows nothing: it never ran, or it failed by itself. One that gave up early says nothing
 * of what such a task needs, and one that went wrong may have used more than any that goes well.
 */
export function sampleOf(
  event: AttemptEnded,
  { startedAtMs, tier }: Pick<RunStarted, 'startedAtMs' | 'tier'>,
): RunSample | undefined {
  const { verdict, peakBytes, cpuMs, ranMs, curve, inputBytes, tMs } = event;
  const seen = {
    peakBytes,
    durationMs: Math.max(1, ranMs),
    ...(inputBytes === undefined ? {} : { inputBytes }),
    endedAtMs: startedAtMs + tMs,
    tier,
  };
  switch (showing(verdict)) {
    case 'all':
      return { kind: 'completed', ...seen, cpuMs, ...(curve === undefined ? {} : { curve }) };
    case 'lower-bound':
      return peakBytes > 0 ? { kind: 'lower-bound', ...seen } : undefined;
    case 'nothing':
      return undefined;
  }
}

function showing(verdict: Verdict): 'all' | 'lower-bound' | 'nothing' {
  switch (verdict.kind) {
    case 'exit':
      return verdict.code === 0 ? 'all' : 'nothing';
    case 'preempted':
    case 'own-limit':
    case 'bystander':
    case 'over-budget':
    case 'timed-out':
    case 'canceled':
      return 'lower-bound';
    case 'external-signal':
      return ASKED_TO_END.includes(verdict.signal) ? 'lower-bound' : 'nothing';
    case 'could-not-start':
      return 'nothing';
    default:
      return unreachable(verdict);
  }
}
