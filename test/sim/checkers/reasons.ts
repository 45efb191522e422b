import type {
  AttemptAdmitted,
  AttemptSuspended,
  AttemptThawed,
  LevelChanged,
  RunEvent,
} from '../../../src/core/events.js';
import { foreseenAllowance, linesFor, type Lines } from '../../../src/core/lines.js';
import type { AttemptRef, HostSample } from '../../../src/core/observation.js';
import type { Candidate, MemoryNumbers } from '../../../src/core/reasons.js';
import type { RunConfig, TaskSpec } from '../../../src/core/task-spec.js';
import type { Moment } from '../recording.js';
import type { Checker } from './checker.js';
import { Story } from './story.js';

/** Every number is one that JSON can keep. */
export const numbersAreNumbers: Checker = {
  name: 'every number in an event is one',
  check: ({ events }) => {
    const wrong: string[] = [];
    for (const event of events) {
      const bad = strangeNumber(event, event.kind);
      if (bad !== undefined) wrong.push(`${bad} is not a number at ${event.tMs} ms`);
    }
    return wrong;
  },
};

/** Names the first number in `value` that JSON could not keep. */
function strangeNumber(value: unknown, path: string): string | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const key in value) {
    const found = strangeNumber((value as Record<string, unknown>)[key], key);
    if (found !== undefined) return `${path}.${found}`;
  }
  return undefined;
}

/** Every decision says why, with the numbers that were there to be seen at that moment. */
export const reasonsAreTrue: Checker = {
  name: 'every decision has a reason, and its numbers are those of that moment',
  check: (recording) => {
    const { events, moments, setup } = recording;
    const { config } = setup.workload.plan;
    const story = new Story(recording);
    const wrong: string[] = [];
    for (const [at, event] of events.entries()) {
      const moment = moments[at];
      if (moment !== undefined) wrong.push(...doubtful(event, { moment, story, config }));
      story.follow(event);
    }
    return wrong;
  },
};

/** How things stand when an event is told. */
interface Scene {
  readonly moment: Moment;
  readonly story: Story;
  readonly config: RunConfig;
}

/** What does not add up in one event. */
function doubtful(event: RunEvent, scene: Scene): string[] {
  const { sample } = scene.moment;
  const where = `${event.kind} at ${event.tMs} ms`;
  const numbers = numbersOf(event);
  if (numbers !== undefined && !isWhatWasSeen(numbers, sample))
    return [`${where} gives other numbers than were seen`];
  const doubts = doubtsAbout(event, scene);
  return doubts.map((doubt) => `${where}: ${doubt}`);
}

function numbersOf(event: RunEvent): MemoryNumbers | undefined {
  switch (event.kind) {
    case 'level-changed':
    case 'attempt-admitted':
      return event.reason.numbers;
    case 'attempt-suspended':
    case 'attempt-thawed':
      return event.reason.numbers;
    case 'attempt-stopping':
      return event.reason.kind === 'preempted' ? event.reason.preempt.numbers : undefined;
    case 'task-waits':
      return event.reason.kind === 'level' ? event.reason.numbers : undefined;
    case 'sampled':
    case 'brake-felt':
    case 'victims-missing':
      return event.numbers;
    default:
      return undefined;
  }
}

function isWhatWasSeen(numbers: MemoryNumbers, sample: HostSample | undefined): boolean {
  return (
    numbers.usedBytes === sample?.usedBytes &&
    numbers.budgetBytes === sample.budgetBytes &&
    numbers.availableBytes === sample.availableBytes
  );
}

function doubtsAbout(event: RunEvent, scene: Scene): string[] {
  const { moment, story } = scene;
  switch (event.kind) {
    case 'budget-changed':
      return event.budgetBytes === moment.sample?.budgetBytes ? [] : ['another budget was seen'];
    case 'level-changed':
      return levelDoubts(event, scene);
    case 'attempt-admitted':
      return admissionDoubts(event, scene);
    case 'attempt-stopping':
      return stopDoubts(event, scene);
    case 'attempt-suspended':
      return suspendDoubts(event, scene);
    case 'attempt-thawed':
      return thawDoubts(event, scene);
    case 'attempt-killed':
      return killDoubts(event, story);
    case 'task-waits':
      return waitDoubts(event, scene);
    default:
      return [];
  }
}

function levelDoubts({ from, to, reason }: LevelChanged, { story, config }: Scene): string[] {
  const doubts: string[] = [];
  if (from !== story.level) doubts.push(`it was ${story.level}, not ${from}`);
  if (from === to) doubts.push(`nothing changed`);
  const { rule, line, numbers } = reason;
  const lineOf = (lines: Lines): number =>
    ({
      open: 0,
      hold: lines.holdBytes,
      preempt: lines.preemptBytes,
      critical: lines.criticalBytes,
    })[to];
  // The more is known of those who run, the closer to the budget.
  const lowest = lineOf(linesFor(config, numbers.budgetBytes, 1));
  const highest = lineOf(linesFor(config, numbers.budgetBytes, 0));
  const isSo = {
    usage: line >= lowest && line <= highest && numbers.usedBytes >= line,
    growth: to === 'critical' && line === numbers.budgetBytes && numbers.growthBytesPerS > 0,
    'some-pressure': to === 'hold' && (numbers.somePct ?? 0) >= line,
    'full-pressure': to === 'preempt' && (numbers.fullPct ?? 0) >= line,
    settled: numbers.usedBytes <= line,
  }[rule];
  if (!isSo) doubts.push(`to ${to} by ${rule} at ${line}, with ${JSON.stringify(numbers)}`);
  return doubts;
}

function admissionDoubts(
  { reason, limitBytes }: AttemptAdmitted,
  { story, config }: Scene,
): string[] {
  const { rule, estimate, claimedBytes, allowanceBytes, foresight, numbers, passed } = reason;
  const doubts: string[] = [];
  const claims = Math.floor(config.overcommit * numbers.budgetBytes);
  const most = foresight ? foreseenAllowance(config, numbers.budgetBytes, 0) : claims;
  if (allowanceBytes < claims || allowanceBytes > most)
    doubts.push(`the allowance of ${numbers.budgetBytes} is not ${allowanceBytes}`);
  if (!(estimate.bytes > 0) || estimate.bytes > (limitBytes ?? Infinity))
    doubts.push(`nothing can need ${estimate.bytes}`);
  if (rule === 'fits' && story.level !== 'open') doubts.push(`let in at level ${story.level}`);
  if (rule === 'progress' && passed > 0) doubts.push(`it passed ${passed} for progress`);
  const least = leastClaims(story);
  if (claimedBytes < least) doubts.push(`${claimedBytes} are claimed, and known are ${least}`);
  return doubts;
}

/**
 * What those who run are known to need: an attempt of known size claims no less than that until it is stopped. One that
 * counts with its group's curve claims less at times.
 */
function leastClaims(story: Story): number {
  let sum = 0;
  for (const { admitted, spec, frozenSinceMs } of story.atWork()) {
    // What is frozen counts with what it holds.
    if (frozenSinceMs !== undefined) continue;
    const { source, bytes, samples } = admitted.reason.estimate;
    const isLearned = (source === 'group' || source === 'profile') && samples >= KNOWN_FROM;
    const isKnown = isLearned || source === 'same-task' || source === 'earlier-attempt';
    if (source === 'request' || (isKnown && spec.profile !== 'curve')) sum += bytes;
  }
  return sum;
}

/** A group is known from so many finished runs on. */
const KNOWN_FROM = 2;

function stopDoubts(
  event: Extract<RunEvent, { kind: 'attempt-stopping' }>,
  { moment, story }: Scene,
): string[] {
  const { reason, tMs } = event;
  const living = story.live.get(event.task);
  if (living === undefined) return ['it does not run'];
  if (reason.kind === 'timed-out') {
    const { admitted, frozenMs, frozenSinceMs } = living;
    const ranMs = tMs - admitted.tMs - frozenMs;
    return frozenSinceMs === undefined &&
      reason.ranMs >= reason.timeoutMs &&
      ranMs >= reason.timeoutMs
      ? []
      : ['its time is not over'];
  }
  if (reason.kind !== 'preempted') return [];
  const { preempt } = reason;
  const doubts: string[] = [];
  if (preempt.level !== story.level) doubts.push(`at level ${story.level}, not ${preempt.level}`);
  return [...doubts, ...candidateDoubts(preempt.candidates, event, { moment, story })];
}

function suspendDoubts(event: AttemptSuspended, scene: Scene): string[] {
  const { rule, level, lineBytes, withinMs, numbers, candidates } = event.reason;
  const { moment, story, config } = scene;
  const doubts = candidateDoubts(candidates, event, { moment, story });
  if (level !== story.level) doubts.push(`at level ${story.level}, not ${level}`);
  const aheadBytes = numbers.usedBytes + (Math.max(0, numbers.growthBytesPerS) * withinMs) / 1000;
  const least = linesFor(config, numbers.budgetBytes, 1);
  const isSo = {
    // Between being entered at the line and being left at the target.
    use: level === 'preempt' && numbers.usedBytes > least.targetBytes,
    growth: aheadBytes >= lineBytes && lineBytes >= least.preemptBytes,
    stalls: level === 'preempt' && numbers.fullPct !== undefined,
  }[rule];
  if (!isSo) doubts.push(`by ${rule}, with ${JSON.stringify(numbers)}`);
  const free = moment.sample?.swapFreeBytes ?? 0;
  if ((event.reclaimBytes ?? 0) > free) doubts.push(`${free} of swap are free`);
  return doubts;
}

function thawDoubts({ reason }: AttemptThawed, { story }: Scene): string[] {
  if (reason.kind === 'only-frozen-left')
    return reason.frozen === story.frozen().length ? [] : [`not ${reason.frozen} are frozen`];
  return reason.expectedBytes <= reason.allowanceBytes && story.level === 'open'
    ? []
    : ['there is no room for it'];
}

/** Who was looked at is there, and was seen to use what is said; and whom it is about was taken. */
function candidateDoubts(
  candidates: readonly Candidate[],
  event: AttemptRef & { readonly tMs: number },
  { moment, story }: Pick<Scene, 'moment' | 'story'>,
): string[] {
  const { tMs } = event;
  const doubts: string[] = [];
  const own = candidates.find(({ task }) => task === event.task);
  if (own?.verdict.kind !== 'taken') doubts.push(`its candidates do not say that it went`);
  for (const { task, attempt, usedBytes, estimateBytes, ageMs } of candidates) {
    const known = story.live.get(task)?.admitted;
    if (known?.attempt !== attempt) doubts.push(`${task} is no candidate: it does not run`);
    else if (usedBytes !== (moment.seenBytes?.get(`${task}#${attempt}`) ?? 0))
      doubts.push(`${task} was not seen to use ${usedBytes}`);
    else if (estimateBytes !== known.reason.estimate.bytes || Math.abs(tMs - known.tMs - ageMs) > 1)
      doubts.push(`${task} is not ${ageMs} ms old, expected to need ${estimateBytes}`);
  }
  return doubts;
}

function killDoubts(
  event: Extract<RunEvent, { kind: 'attempt-killed' }>,
  { live, level }: Story,
): string[] {
  if (live.get(event.task)?.stopping === undefined) return ['nobody had decided to stop it'];
  if (event.because === 'critical' && level !== 'critical') return [`at level ${level}`];
  return [];
}

function waitDoubts(
  { task, reason, tMs }: Extract<RunEvent, { kind: 'task-waits' }>,
  { config, story }: Scene,
): string[] {
  const { level, live } = story;
  const held = (of: (spec: TaskSpec) => number, isOld = false): number =>
    [...live.values()]
      .filter(({ admitted }) => !isOld || admitted.tMs < tMs)
      .reduce((sum, { spec }) => sum + of(spec), 0);
  // It may have been refused before others were let in at the same look.
  const isHeld = (inUse: number, of: (spec: TaskSpec) => number): boolean =>
    inUse >= held(of, true) && inUse <= held(of);
  const isSo = ((): boolean => {
    switch (reason.kind) {
      case 'memory':
        return (
          (reason.foresight?.peakBytes ?? reason.claimedBytes + reason.estimate.bytes) >
          reason.allowanceBytes
        );
      case 'level':
        return reason.level === level && level !== 'open';
      case 'slow-start':
        return reason.running >= reason.limit && reason.running <= live.size;
      case 'cpus':
        return reason.inUse + reason.wanted > reason.capacity && reason.capacity === config.cpus;
      case 'resource':
        return (
          reason.inUse + reason.wanted > reason.capacity &&
          isHeld(reason.inUse, ({ resources }) => resources[reason.name] ?? 0) &&
          reason.capacity === (config.resources[reason.name] ?? 0)
        );
      case 'concurrency':
        return (
          reason.limit === config.groups[reason.name] &&
          held(({ concurrency }) => Number(concurrency === reason.name)) >= reason.limit
        );
      case 'max-parallel':
        return reason.limit === config.maxParallel && live.size >= reason.limit;
      case 'back-off':
        return reason.untilMs > 0;
      case 'held':
        return reason.of === 'run' ? story.isHeld : story.heldTasks.has(task);
      case 'suspended': {
        const frozen = story.frozen();
        return frozen.length === reason.frozen && frozen[0]?.spec.id === reason.task;
      }
    }
  })();
  return isSo ? [] : [`it could have started, by its own numbers: ${JSON.stringify(reason)}`];
}
