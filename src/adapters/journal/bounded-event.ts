import type { RunEvent } from '../../core/events.js';

/** Above this an event's lists are shortened: they grow with the number of running tasks. */
const MAX_EVENT_BYTES = 256 * 1024;

/** How many entries a shortened list keeps. */
const KEPT = 500;

/**
 * One line of the journal, newline included. The only lists without a bound of their own are those of running
 * attempts; of these the ones that matter most are kept (taken and next in line; the largest users).
 */
export function eventLine(event: RunEvent): string {
  const line = `${JSON.stringify(event)}\n`;
  return line.length <= MAX_EVENT_BYTES ? line : `${JSON.stringify(shortened(event))}\n`;
}

function shortened(event: RunEvent): RunEvent {
  if (event.kind === 'sampled') {
    const attempts = [...event.attempts].sort((a, b) => b.usedBytes - a.usedBytes).slice(0, KEPT);
    return { ...event, attempts };
  }
  if (event.kind === 'attempt-stopping' && event.reason.kind === 'preempted') {
    const { preempt } = event.reason;
    const ranked = preempt.candidates.filter(({ verdict }) => verdict.kind !== 'rejected');
    const rejected = preempt.candidates.filter(({ verdict }) => verdict.kind === 'rejected');
    const candidates = [...ranked, ...rejected].slice(0, KEPT);
    return { ...event, reason: { ...event.reason, preempt: { ...preempt, candidates } } };
  }
  if (event.kind === 'run-resumed') {
    const { adopted, lost } = event;
    return { ...event, adopted: adopted.slice(0, KEPT), lost: lost.slice(0, KEPT) };
  }
  return event;
}
