import type { PidsSample } from './observation.js';
import type { TaskRecord } from './run-state.js';
import { stop } from './stopping.js';
import { emit, refOf, type Tick } from './tick.js';

/** Whoever has more than this share of all that the run may have is what the limit is there for. */
const MOST_SHARE = 0.5;
/** Where nobody has so many, the one with the most goes when forks have failed for this long: no run may hang on it. */
const ENDURED_MS = 10_000;
/** Forks that fail further apart than this are not one spell. */
const SPELL_GAP_MS = 2000;
/** The same spell is told of again after this long. */
const TELL_EVERY_MS = 10_000;

/**
 * Keeps a run within its `max_pids`. The kernel refuses further forks (pids.rst), or a look finds that there are more;
 * neither ends a fork bomb, nor lets its neighbours fork again. So the attempt with the most processes is ended: at once
 * when it has more than half of what all may have, otherwise when this has gone on for ten seconds.
 */
export function limitPids(tick: Tick): void {
  const { control, seen, tMs } = tick;
  const { pids } = seen.host;
  // Between two looks at the attempts nobody knows whose they are: what is new stays new until then.
  if (pids === undefined || seen.attempts.length === 0) return;
  const { refusals, spell, toldMs } = control.pids;
  if (pids.refusals <= refusals && pids.current <= pids.max) return;
  const isSameSpell = spell !== undefined && tMs - spell.lastMs <= SPELL_GAP_MS;
  const sinceMs = isSameSpell ? spell.sinceMs : tMs;
  const largest = largestOf(tick);
  const isToldAgain = toldMs === undefined || tMs - toldMs >= TELL_EVERY_MS;
  control.pids = {
    refusals: pids.refusals,
    spell: { sinceMs, lastMs: tMs },
    toldMs: isToldAgain ? tMs : toldMs,
  };
  if (isToldAgain) tell(tick, pids, largest);
  if (largest === undefined) return;
  const isMost = largest.pids > MOST_SHARE * pids.max;
  if (!isMost && tMs - sinceMs < ENDURED_MS) return;
  stop(tick, largest.record, { kind: 'over-pids', pids: largest.pids, maxPids: pids.max }, 0);
  // Until it is gone forks still fail for its sake: that is nobody else's fault.
  control.pids = { ...control.pids, spell: { sinceMs: tMs, lastMs: tMs } };
}

function tell(tick: Tick, { current, max }: PidsSample, largest: Largest | undefined): void {
  emit(tick, {
    kind: 'pids-reached',
    pids: current,
    maxPids: max,
    ...(largest === undefined ? {} : { largest: { ...refOf(largest.record), pids: largest.pids } }),
  });
}

interface Largest {
  readonly record: TaskRecord;
  readonly pids: number;
}

/** Of the attempts that run, or are frozen with all their processes, and are not being stopped already. */
function largestOf({ state, seen }: Tick): Largest | undefined {
  let largest: Largest | undefined;
  for (const { task, attempt, pids = 0 } of seen.attempts) {
    const record = state.live.get(task);
    if (record?.attempts !== attempt) continue;
    if (record.phase.kind !== 'running' && record.phase.kind !== 'suspended') continue;
    if (pids > (largest?.pids ?? 0)) largest = { record, pids };
  }
  return largest;
}
