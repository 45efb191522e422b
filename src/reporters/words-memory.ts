import type { LevelChanged } from '../core/events.js';
import type {
  CandidateVerdict,
  LevelReason,
  MemoryNumbers,
  PreemptReason,
} from '../core/reasons.js';
import { PREEMPTIBLE_LABELS } from '../core/task-spec.js';
import { unreachable } from '../util/assert.js';
import { formatBytes, MiB } from '../util/bytes.js';

/** Slower growth than this is not worth a word. Bytes a second. */
const GROWTH_TOLD_FROM = 10 * MiB;

/** The numbers of one moment: `used 1.4G of budget 1.5G, growing 300M/s, host has 480M available`. */
export function memoryWords(numbers: MemoryNumbers): string {
  const { usedBytes, budgetBytes, availableBytes, growthBytesPerS } = numbers;
  const growth =
    growthBytesPerS >= GROWTH_TOLD_FROM ? `, growing ${formatBytes(growthBytesPerS)}/s` : '';
  const pressure = pressureWords(numbers);
  return (
    `used ${formatBytes(usedBytes)} of budget ${formatBytes(budgetBytes)}${growth}, ` +
    `host has ${formatBytes(availableBytes)} available${pressure === '' ? '' : `, ${pressure}`}`
  );
}

/** PSI: `pressure some 12.5% full 0.4%`; empty while it is calm or the kernel has none. */
export function pressureWords({ somePct, fullPct }: MemoryNumbers): string {
  if ((somePct ?? 0) < 0.05 && (fullPct ?? 0) < 0.05) return '';
  return `pressure some ${percent(somePct)} full ${percent(fullPct)}`;
}

function percent(pct: number | undefined): string {
  return pct === undefined ? '–' : `${pct.toFixed(1)}%`;
}

/** The step from one level to another and the rule behind it: `open → hold: used 1.2G reached hold (1.2G) …`. */
export function levelWords(event: LevelChanged): string {
  return `${event.from} → ${event.to}: ${ruleWords(event.to, event.reason)}`;
}

function ruleWords(to: LevelChanged['to'], { rule, line, numbers }: LevelReason): string {
  const rest = memoryWords(numbers);
  switch (rule) {
    case 'usage':
      return `${rest}; the line for ${to} is ${formatBytes(line)}`;
    case 'some-pressure':
      return `some task stalled on memory ${percent(numbers.somePct)} of the time, the line is ${line}%; ${rest}`;
    case 'full-pressure':
      return `all tasks stalled on memory ${percent(numbers.fullPct)} of the time, the line is ${line}%; ${rest}`;
    case 'growth':
      return `at this rate the budget of ${formatBytes(line)} is full before a kill takes effect; ${rest}`;
    case 'settled':
      return `${rest}; it stayed under ${formatBytes(line)}`;
    default:
      return unreachable(rule);
  }
}

/** Why someone had to be preempted, in one line: what was used, where it should be, who was chosen. */
export function preemptWords(reason: PreemptReason): string {
  const taken = reason.candidates.filter(({ verdict }) => verdict.kind === 'taken').length;
  const dying =
    reason.dyingBytes > 0 ? `, ${formatBytes(reason.dyingBytes)} being freed already` : '';
  return (
    `level ${reason.level}: ${memoryWords(reason.numbers)}; aims at ${formatBytes(reason.targetBytes)}${dying}; ` +
    `${taken} of ${reason.candidates.length} running chosen`
  );
}

/** Taken, spared or rejected, with rank and level or with the reason. */
export function candidateVerdictWords(verdict: CandidateVerdict): string {
  switch (verdict.kind) {
    case 'taken':
      return `taken, rank ${verdict.rank}, ${levelName(verdict.effectiveLevel)}`;
    case 'spared':
      return `spared, rank ${verdict.rank}, ${levelName(verdict.effectiveLevel)}`;
    case 'rejected':
      return `not touched: ${rejectionWords(verdict.because)}`;
    default:
      return unreachable(verdict);
  }
}

function rejectionWords(
  because: Extract<CandidateVerdict, { kind: 'rejected' }>['because'],
): string {
  switch (because) {
    case 'level-0':
      return 'not preemptible';
    case 'immune':
      return 'was preempted so often that it is left alone';
    case 'stopping':
      return 'is being stopped already';
    case 'last-one-running':
      return 'the last one that makes progress';
    case 'not-suspendable':
      return 'its on_pressure does not allow suspend';
    case 'starting':
      return 'is only being started';
    case 'saving':
      return 'is saving its work';
    case 'suspended':
      return 'is frozen already';
    case 'not-growing':
      return 'does not grow';
    case 'last-one-growing':
      return 'the only one that grows';
    default:
      return unreachable(because);
  }
}

/** Levels fall with each preemption suffered and may lie between two labels, or below the first. */
function levelName(level: number): string {
  const label = Number.isInteger(level) ? PREEMPTIBLE_LABELS[level] : undefined;
  return label === undefined ? `level ${level}` : `level ${level} (${label})`;
}
