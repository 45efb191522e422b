import type { RunResumed, TaskRequeued } from '../core/events.js';
import type { ExitStatus, OomCounters, Outcome, Verdict } from '../core/outcome.js';
import type {
  AdmitReason,
  Estimate,
  Foresight,
  SkipCause,
  StopReason,
  WaitReason,
} from '../core/reasons.js';
import { isMoreToCome, type RunState } from '../core/run-state.js';
import { unreachable } from '../util/assert.js';
import { formatBytes } from '../util/bytes.js';
import { formatCount } from '../util/count.js';
import { formatDuration } from '../util/duration.js';
import { printable } from '../util/printable.js';
import { checkpointVerdictWords } from './words-checkpoint.js';
import { memoryWords, preemptWords } from './words-memory.js';

/** How an attempt ended and who ended it, with the numbers that prove it: `exit code 2`. */
export function verdictWords(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'exit':
      return verdict.code === 0 ? 'succeeded' : exitWords(verdict.code);
    case 'own-limit':
      return ownLimitWords(verdict);
    case 'bystander':
      return `killed by the kernel for want of memory elsewhere, no fault of its own: peak ${formatBytes(verdict.peakBytes)}, while all tasks used ${formatBytes(verdict.usedBytes)} of the budget ${formatBytes(verdict.budgetBytes)} (${oomWords(verdict.oom)})`;
    case 'over-budget':
      return `killed by the kernel although it ran alone, it does not fit the budget: peak ${formatBytes(verdict.peakBytes)} of budget ${formatBytes(verdict.budgetBytes)} (${oomWords(verdict.oom)})`;
    case 'over-pids':
      return `ended by memsched: it had ${verdict.pids} processes when all tasks together had reached max_pids, ${verdict.maxPids}`;
    case 'preempted':
      return `preempted at a peak of ${formatBytes(verdict.peakBytes)}`;
    case 'checkpointed':
    case 'checkpoint-missing':
      return checkpointVerdictWords(verdict);
    case 'timed-out':
      return `stopped at its timeout of ${formatDuration(verdict.timeoutMs)}`;
    case 'canceled':
      return CANCELED[verdict.by];
    case 'external-signal':
      return signalWords(verdict.signal);
    case 'could-not-start':
      return `could not be started${verdict.isShortage === true ? ', no fault of its own' : ''}: ${printable(verdict.error)}`;
    case 'lost':
      return `lost, no fault of its own: ${printable(verdict.why)}`;
    default:
      return unreachable(verdict);
  }
}

function ownLimitWords({
  peakBytes,
  limitBytes,
  oom,
}: Extract<Verdict, { kind: 'own-limit' }>): string {
  const peak = `peak ${formatBytes(peakBytes)} of limit ${formatBytes(limitBytes)}`;
  return oom.of === 'sampled'
    ? `ended by memsched at its own limit, seen by sampling: ${peak}`
    : `killed by the kernel at its own limit: ${peak} (${oomWords(oom)})`;
}

/** What the kernel sends to a program for what it has just done itself, and abort(3) to its own caller. */
const CRASHES: ReadonlySet<string> = new Set([
  'SIGSEGV',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGTRAP',
  'SIGSYS',
]);

function signalWords(signal: string): string {
  return CRASHES.has(signal)
    ? `crashed with ${signal}: the program itself is the likely cause, memsched did not send it`
    : `ended by ${printable(signal)} from outside: memsched did not send it, and nothing shows that the kernel's OOM killer did`;
}

const CANCELED = {
  signal: 'canceled: memsched was told to stop',
  halt: 'canceled: the run was halted',
  command: 'canceled by the user',
} as const;

/** How an attempt's main process ended, whoever was behind it. */
export function exitedWords(exit: ExitStatus): string {
  switch (exit.kind) {
    case 'code':
      return `its main process ends with exit code ${exit.code}`;
    case 'signal':
      return `its main process is ended by ${printable(exit.signal)}`;
    case 'unknown':
      return `its main process is out of sight: ${printable(exit.why)}`;
    default:
      return unreachable(exit);
  }
}

function exitWords(code: number): string {
  if (code === 126) return 'exit code 126 (the shell could not execute a command)';
  if (code === 127) return 'exit code 127 (the shell did not find a command)';
  if (code > 128 && code <= 192)
    return `exit code ${code} (as shells report a command ended by signal ${code - 128})`;
  return `exit code ${code}`;
}

/** The counters of the attempt's own `memory.events.local`, under the kernel's names, or what the host counted. */
function oomWords(oom: OomCounters): string {
  if (oom.of === 'host') return `while it ran, oom_kill of the host rose by ${oom.oomKill}`;
  return `oom ${oom.oom}, oom_kill ${oom.oomKill}, max ${oom.max}`;
}

/** An estimate and what it rests on: `375M (a guess: nothing is known of it yet)`. */
export function estimateWords(estimate: Estimate): string {
  return `${formatBytes(estimate.bytes)} (${sourceWords(estimate)})`;
}

function sourceWords({ source, samples, rule }: Estimate): string {
  switch (source) {
    case 'unknown':
      return 'a guess: nothing is known of it yet';
    case 'run':
      return `a guess: nothing is known of it yet, only of ${counted(samples, 'other group')}`;
    case 'request':
      return 'as declared';
    case 'group':
    case 'profile':
      return `from ${counted(samples, 'run')} of its group${rule === undefined ? '' : `: ${printable(rule)}`}`;
    case 'same-task':
      return `from ${counted(samples, 'earlier run')} of the same task`;
    case 'earlier-attempt':
      return 'raised: an earlier attempt was stopped on its way up';
    default:
      return unreachable(source);
  }
}

/** Why a task was let in: `fits: estimate 300M (…) on top of claims 600M, of the 1.4G that claims may fill`. */
export function admitWords(reason: AdmitReason): string {
  const estimate = `estimate ${estimateWords(reason.estimate)}`;
  const claims = `claims ${formatBytes(reason.claimedBytes)}`;
  const allowance = `${formatBytes(reason.allowanceBytes)} that claims may fill`;
  const passed =
    reason.passed === 0 ? '' : `; it passed ${counted(reason.passed, 'task')} that must wait`;
  switch (reason.rule) {
    case 'fits':
      return reason.foresight === undefined
        ? `it fits: ${estimate} on top of ${claims}, of the ${allowance}${passed}`
        : `it fits: ${estimate}; with it all are expected to reach ${foresightWords(reason.foresight)}, of the ${allowance}${passed}`;
    case 'progress':
      return `nothing else runs, so it starts whatever the numbers say: ${estimate}, ${claims}, ${allowance}${passed}`;
    default:
      return unreachable(reason.rule);
  }
}

/** `1.2G in 40s (2.0 standard deviations above the mean)`. */
function foresightWords({ peakBytes, inMs, sigmas }: Foresight): string {
  return `${formatBytes(peakBytes)} in ${formatDuration(inMs)} (${sigmas.toFixed(1)} standard deviations above the mean)`;
}

/** How many tasks there are: `12`, or `12 and more to come`. */
export function plannedWords(state: RunState): string {
  const { planned } = state.counts;
  return isMoreToCome(state) ? `${planned} and more to come` : String(planned);
}

/** Why a queued task does not start now. `nowMs` is milliseconds since the run started. */
export function waitWords(reason: WaitReason, nowMs: number): string {
  switch (reason.kind) {
    case 'memory':
      if (reason.foresight !== undefined)
        return `waits for memory: with it all are expected to reach ${foresightWords(reason.foresight)}, more than the ${formatBytes(reason.allowanceBytes)} that claims may fill; estimate ${estimateWords(reason.estimate)}`;
      return `waits for memory: estimate ${estimateWords(reason.estimate)} on top of claims ${formatBytes(reason.claimedBytes)} is more than the ${formatBytes(reason.allowanceBytes)} that claims may fill`;
    case 'level':
      return `held back, the level is ${reason.level}: ${memoryWords(reason.numbers)}`;
    case 'slow-start':
      return `waits for first results: nothing is known of group ${printable(reason.group)} yet, and of such tasks ${reason.running} run where ${reason.limit} may`;
    case 'cpus':
      return `waits for processors: it wants ${reason.wanted}, ${reason.inUse} of ${reason.capacity} are taken`;
    case 'resource':
      return `waits for resource ${printable(reason.name)}: it wants ${reason.wanted}, ${reason.inUse} of ${reason.capacity} are taken`;
    case 'concurrency':
      return `waits for a place in group ${printable(reason.name)}, of which ${reason.limit} may run at once`;
    case 'max-parallel':
      return `waits for a place: max_parallel is ${reason.limit}`;
    case 'back-off':
      return reason.untilMs > nowMs
        ? `waits out its back-off, ${formatDuration(reason.untilMs - nowMs)} more`
        : 'its back-off is over';
    case 'held':
      return reason.of === 'run' ? 'the run is held by the user' : 'held by the user';
    case 'suspended':
      return `waits behind ${counted(reason.frozen, 'frozen task')}, of which ${printable(reason.task)} goes on first`;
    default:
      return unreachable(reason);
  }
}

/** Why an attempt is being stopped. */
export function stopWords(reason: StopReason): string {
  switch (reason.kind) {
    case 'preempted':
      return preemptWords(reason.preempt);
    case 'timed-out':
      return `it ran ${formatDuration(reason.ranMs)}, its timeout is ${formatDuration(reason.timeoutMs)}`;
    case 'signal':
      return `memsched got ${printable(reason.signal)}`;
    case 'halt':
      return `the run was halted after ${counted(reason.failures, 'failure')}`;
    case 'canceled':
      return reason.of === 'run' ? 'the user has canceled the run' : 'the user has canceled it';
    case 'over-pids':
      return `it has ${reason.pids} processes, the most of all, and max_pids is ${reason.maxPids}`;
    case 'left-behind':
      return 'its main process ended and left others behind';
    default:
      return unreachable(reason);
  }
}

/** Why, when and how a task runs again. */
export function requeueWords(event: TaskRequeued): string {
  const floor = event.floorBytes > 0 ? `, estimate at least ${formatBytes(event.floorBytes)}` : '';
  const waitMs = event.notBeforeMs - event.tMs;
  const later = waitMs > 0 ? `, in ${formatDuration(waitMs)} at the earliest` : '';
  const { cause } = event;
  switch (cause.kind) {
    case 'preempted':
      return `runs again after preemption ${cause.preemptions}${floor}${later}`;
    case 'bystander':
      return `runs again, not counted as its failure (${cause.times === 1 ? 'first time' : `${cause.times} times now`})${floor}${later}`;
    case 'limit-grown':
      return `runs again with limit ${formatBytes(cause.toBytes)} instead of ${formatBytes(cause.fromBytes)}${later}`;
    case 'retry':
      return `runs again, retry ${cause.retry} of ${cause.of}${later}`;
    case 'checkpointed':
      return `runs again from its checkpoint (${cause.times === 1 ? 'first time' : `${cause.times} times now`})${later}`;
    case 'resumed':
      return 'runs again, as the run was resumed';
    default:
      return unreachable(cause);
  }
}

/** What a new supervisor found. */
export function resumedWords({ after, adopted, lost }: RunResumed): string {
  const what = {
    death: 'the supervisor had died',
    reboot: 'the host was started anew',
    end: 'what has not succeeded runs again',
  }[after];
  const found = [
    ...(adopted.length > 0 ? [`${counted(adopted.length, 'attempt')} taken over`] : []),
    ...(lost.length > 0 ? [`${counted(lost.length, 'attempt')} lost`] : []),
  ];
  return `the run is resumed: ${[what, ...found].join(', ')}`;
}

/** Why a task was never run. */
export function skipWords(cause: SkipCause): string {
  switch (cause.kind) {
    case 'need-did-not-succeed':
      return `skipped: it needs ${printable(cause.job)}, which did not succeed`;
    case 'halted':
      return `skipped: the run was halted after ${counted(cause.failures, 'failure')}`;
    case 'stopped':
      return `not started: memsched got ${printable(cause.signal)}`;
    case 'canceled':
      return cause.of === 'run'
        ? 'not started: the user has canceled the run'
        : 'not started: the user has canceled it';
    default:
      return unreachable(cause);
  }
}

/** True for outcomes that make a run fail by a task's own doing; skipped and canceled ones follow from something else. */
export function isFailure(outcome: Outcome): boolean {
  return outcome === 'failed' || outcome === 'oom-killed' || outcome === 'timed-out';
}

/** `1 task`, `2 tasks`, `12,345 tasks`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
