import type { Verdict } from '../../../src/core/outcome.js';
import type { Life } from '../fake-host.js';
import type { Recording } from '../recording.js';
import { eventsOf, type Checker } from './checker.js';

/** Verdicts name who really ended the attempt, as far as the tier can tell. */
export const verdictsAreTrue: Checker = {
  name: 'verdicts name who really ended the attempt',
  check: (recording) => {
    const lives = new Map(recording.lives.map((life) => [`${life.task}#${life.attempt}`, life]));
    const lost = new Set(recording.lost.map((ref) => `${ref.task}#${ref.attempt}`));
    const wrong: string[] = [];
    for (const { task, attempt, verdict } of eventsOf(recording, 'attempt-ended')) {
      const key = `${task}#${attempt}`;
      const life = lives.get(key);
      const cause = lost.has(key) ? 'lost' : (life?.cause ?? 'never-started');
      if (TRUE_CAUSES[verdict.kind].includes(cause)) continue;
      if (life !== undefined && isBlind(recording, life, verdict)) continue;
      // A process that cannot be ended is given up: what becomes of it later is not known.
      if (verdict.kind === 'canceled' && life === undefined) continue;
      wrong.push(`attempt ${attempt} of ${task}: ${verdict.kind} by ${cause}`);
    }
    return wrong;
  },
};

/** What is counted of an attempt when it is over is what it used. */
export const talliesAreTrue: Checker = {
  name: 'peaks, processor time and exit codes are those of the attempt',
  check: (recording) => {
    const lives = new Map(recording.lives.map((life) => [`${life.task}#${life.attempt}`, life]));
    // Lost, or given up as stuck: nobody could count any more.
    const unknown = new Set(
      [...recording.lost, ...eventsOf(recording, 'attempt-stuck')].map(
        (ref) => `${ref.task}#${ref.attempt}`,
      ),
    );
    const wrong: string[] = [];
    for (const event of eventsOf(recording, 'attempt-ended')) {
      const key = `${event.task}#${event.attempt}`;
      const life = lives.get(key);
      const isKnown = life !== undefined && !life.isVanished && !unknown.has(key);
      if (!isKnown || event.verdict.kind === 'could-not-start') continue;
      const { peakBytes, cpuMs, end } = life;
      if (event.peakBytes !== peakBytes) wrong.push(`${key} used ${peakBytes}`);
      if (event.cpuMs !== Math.round(cpuMs)) wrong.push(`${key} took ${cpuMs} ms of processors`);
      const { verdict } = event;
      if (verdict.kind === 'exit' && (end?.kind !== 'code' || end.code !== verdict.code))
        wrong.push(`${key} did not exit with ${verdict.code}`);
    }
    return wrong;
  },
};

/** A task is too large for the budget only if it was alone and filled it; else others had their part in it. */
export const tooLargeIsTooLarge: Checker = {
  name: 'only what was alone and filled the budget is called too large for it',
  check: (recording) => {
    const live = new Map<string, number>();
    const wrong: string[] = [];
    for (const event of recording.events) {
      if (event.kind === 'attempt-admitted') live.set(event.task, event.reason.numbers.budgetBytes);
      if (event.kind !== 'attempt-ended') continue;
      const { verdict, task } = event;
      if (verdict.kind === 'over-budget') {
        const budgetBytes = live.get(task) ?? 0;
        if (live.size > 1 || verdict.peakBytes < FILLS * budgetBytes)
          wrong.push(`${task} was ${live.size > 1 ? 'not alone' : 'smaller than the budget'}`);
      }
      live.delete(task);
    }
    return wrong;
  },
};

const FILLS = 0.9;

/** Without counters of its own, who killed an attempt is guessed from the host's. */
function isBlind({ setup }: Recording, life: Life, verdict: Verdict): boolean {
  if (setup.machine.tier === 'cgroup' && !life.isVanished) return false;
  switch (verdict.kind) {
    case 'external-signal':
    case 'exit':
      return life.cause === 'host-oom' || life.cause === 'tree-oom' || life.cause === 'own-limit';
    // Found over its limit at a look, and taken by the kernel before we could do it.
    case 'own-limit':
      return life.cause === 'host-oom' && life.peakBytes > verdict.limitBytes;
    case 'bystander':
    case 'over-budget':
      return verdict.oom.of === 'host' && life.cause === 'outside';
    default:
      return false;
  }
}

/** What may really have happened behind each verdict; our own stops race with every other end. */
const ANY = [
  'finished',
  'saved',
  'never-started',
  'own-limit',
  'tree-oom',
  'host-oom',
  'supervisor',
  'outside',
  'lost',
] as const;
const TRUE_CAUSES: Readonly<Record<Verdict['kind'], readonly string[]>> = {
  exit: ['finished'],
  'own-limit': ['own-limit', 'lost'],
  bystander: ['tree-oom', 'host-oom', 'lost'],
  'over-budget': ['tree-oom', 'host-oom', 'lost'],
  preempted: ANY,
  'checkpoint-missing': ANY,
  checkpointed: ['saved'],
  'timed-out': ANY,
  canceled: ANY,
  'external-signal': ['outside'],
  'over-pids': ANY,
  'could-not-start': ['never-started'],
  lost: ['lost'],
};
